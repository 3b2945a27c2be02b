import pytest
import torch

from mridiff.interfaces import Space, Streams
from mridiff_datasets.along import Along, calibration
from mridiff_datasets.coil_cine import NonCartesianCine
from mridiff_datasets.noncartesian import NonCartesianBrain, NonCartesianHeads
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft
from mridiff_sdk.operators import Coils, NonUniformFourier

pytest.importorskip("finufft")


def operator(scan):
    S = Coils(scan.measured.acquisition["sensitivity_maps"].data)
    return NonUniformFourier(S.codomain, scan.measured.acquisition["trajectory"].data) @ S


@pytest.mark.parametrize("trajectory", ["radial", "spiral"])
def test_the_truth_explains_what_was_measured_and_the_noise_is_as_loud_as_stated(trajectory):
    quiet = NonCartesianBrain(trajectory=trajectory, acceleration=8, coils=2, noise_std=0.0)[0]
    x, y = quiet.truth["x"].data, quiet.measured.y
    assert torch.linalg.vector_norm(operator(quiet)(x) - y) < 1e-4 * torch.linalg.vector_norm(y)
    assert quiet.measured.noise.std is None
    noisy = NonCartesianBrain(trajectory=trajectory, acceleration=8, coils=2)[0].measured
    assert float((noisy.y - y).abs().square().mean().sqrt()) == pytest.approx(noisy.noise.std, rel=0.02)


def test_maps_are_found_from_the_centre_alone():
    scan = NonCartesianBrain(acceleration=4, coils=4, maps="espirit", noise_std=0.002)[0]
    x, y = scan.truth["x"].data, scan.measured.y
    assert torch.linalg.vector_norm(operator(scan)(x) - y) < 0.05 * torch.linalg.vector_norm(y)


def test_the_centre_is_that_of_the_grid():
    size = (40, 32)
    v, u = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in size), indexing="ij")
    image = torch.exp(-3 * (u**2 + v**2)) * simulate_maps(3, size, 0)
    k = Along(acceleration=1).places(size, Streams.of(0))
    kspace, inside = calibration(NonUniformFourier(Coils(simulate_maps(3, size, 0)[None]).codomain, k[None])(image[None])[0], k, size)
    assert inside.sum() == 24 * 24 and not kspace[:, ~inside].any()
    exact = fft(image)
    core = torch.zeros(size, dtype=torch.bool)
    core[12:29, 8:25] = True  # at the edge of the region the neighbours outside are missed
    assert torch.linalg.vector_norm((kspace - exact)[:, core]) < 0.02 * torch.linalg.vector_norm(exact[:, core])


def test_maps_of_an_undersampled_centre_are_told():
    def warned(**options):
        return any("undersampled centre" in note for note in NonCartesianBrain(coils=2, **options)[0].notes)

    assert warned(trajectory="spiral", maps="espirit", acceleration=4) and not warned(trajectory="spiral", maps="given", acceleration=4)
    assert not warned(trajectory="spiral", maps="espirit", acceleration=1) and not warned(maps="espirit", acceleration=4)


def test_acceleration_counts_from_full_sampling():
    assert Along(acceleration=1).places((64, 64), Streams.of(0)).shape == (101, 128, 2)
    k = Along(acceleration=4, trajectory="spiral").places((64, 48), Streams.of(0))
    assert k.shape[0] == 8 and k[..., 0].abs().max() <= 32 and k[..., 1].abs().max() <= 24


def test_heads_have_an_angle_each_and_measured_ones_are_resampled(measured_folder):
    heads = NonCartesianHeads(measured_folder, size=32, count=2, subjects="A")
    first, second = (heads[i].measured.acquisition["trajectory"].data for i in (0, 1))
    assert [heads.name(i) for i in (0, 1)] == [heads[i].id for i in (0, 1)] and not torch.equal(first, second)
    scan = NonCartesianHeads(measured_folder, source="measured", subjects="brain8_full", maps="given")[0]
    x, y = scan.truth["x"].data, scan.measured.y
    assert y.shape[1] == 4 and torch.linalg.vector_norm(operator(scan)(x) - y) < 0.2 * torch.linalg.vector_norm(y)


def test_a_series_goes_on_turning_and_its_truth_explains_it():
    scan = NonCartesianCine(frames=3, size=24, spokes=5, coils=2, noise_std=0.0)[0]
    k, x, y = scan.measured.acquisition["trajectory"].data, scan.truth["x"].data, scan.measured.y
    S = Coils(scan.measured.acquisition["sensitivity_maps"].data, domain=Space(("t", "y", "x"), (3, 24, 24)))
    assert torch.linalg.vector_norm((NonUniformFourier(S.codomain, k, frames=("t",)) @ S)(x) - y) < 1e-4 * torch.linalg.vector_norm(y)
    assert len(torch.unique(k[0, :, :, 0].flatten(0, 1), dim=0)) == 15  # no spoke is measured twice
