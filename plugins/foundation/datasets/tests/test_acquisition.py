import math

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field
from mridiff_datasets.acquisition import Acquisition
from mridiff_datasets.noise_level import noise_level
from mridiff_datasets.raw import Raw
from mridiff_datasets.simulation import Simulation
from mridiff_sdk.coils import calibration_region, espirit_maps
from mridiff_sdk.fourier import fft, ifft


def same(a, b):
    fields = a.acquisition.keys() == b.acquisition.keys() and all(
        torch.equal(f.data, b.acquisition[k].data) for k, f in a.acquisition.items()
    )
    return torch.equal(a.y, b.y) and a.noise == b.noise and fields


@pytest.mark.parametrize("maps", ["espirit", "low-frequency", "auto"])
@pytest.mark.parametrize("added", [0.0, 0.05])
def test_nothing_measured_derives_from_unsampled_kspace(kspace, lines, maps, added):
    acquisition = Acquisition(maps=maps, noise_std=added)
    clean = acquisition.measure(Raw("file", kspace), lines, "a")
    poisoned = acquisition.measure(Raw("file", torch.where(lines, kspace, torch.nan)), lines, "a")
    assert torch.isfinite(torch.view_as_real(clean.y)).all() and same(clean, poisoned)


@pytest.mark.parametrize("pattern", ["random", "poisson"])
@pytest.mark.parametrize("added", [0.0, 0.05])
def test_what_is_measured_is_found_again_from_y_alone(kspace, pattern, added):
    """Mask, maps and noise level, recomputed by the same formulae from y and nothing else: the noise that was added is in all of them."""
    acquisition = Acquisition(acceleration=2, pattern=pattern, center_fraction=0.4, noise_std=added)
    scan = acquisition.scan(Raw("file", kspace), "a")
    y, (mask, maps) = scan.measured.y[0], scan.measured.require("mask", "sensitivity_maps")
    found = (y != 0).any(0)
    assert torch.equal(found, mask[0] > 0)
    inner = [slice(max(s.start, n // 2 - 16), min(s.stop, n // 2 + 16)) for s, n in zip(calibration_region(found), (40, 36), strict=True)]
    assert torch.equal(maps[0], espirit_maps(y[None], (inner[0], inner[1]))[0])
    assert noise_level(y, found) == pytest.approx(scan.measured.noise.std, rel=0.25)


def test_noise_is_added_to_a_separate_calibration_too(kspace, lines):
    calibration = torch.zeros_like(kspace)
    calibration[:, 12:28] = kspace[:, 12:28]
    raw = Raw("file", kspace, mask=lines, calibration=calibration)
    quiet, noisy = Acquisition().scan(raw, "a"), Acquisition(noise_std=0.05).scan(raw, "a")
    assert torch.equal(
        quiet.measured.acquisition["sensitivity_maps"].data, Acquisition().coil_maps(raw, calibration, (calibration != 0).any(0))[None]
    )
    assert not torch.allclose(quiet.measured.acquisition["sensitivity_maps"].data, noisy.measured.acquisition["sensitivity_maps"].data)


@pytest.mark.parametrize(("coils", "maps"), [(1, "none"), (1, "espirit"), (1, "given"), (4, "espirit"), (4, "low-frequency"), (4, "given")])
def test_a_simulated_truth_has_the_phase_that_the_measurement_gives_it(image, coils, maps):
    raw = Simulation(coils, seed=2).raw("image", image)
    scan = Acquisition(maps=maps).scan(raw, "a")
    x, y = scan.truth["x"].data[0], scan.measured.y[0]
    back = ifft(y) if maps == "none" else (scan.measured.acquisition["sensitivity_maps"].data[0].conj() * ifft(y)).sum(0)
    assert torch.allclose(x.abs(), image.abs(), atol=1e-6)
    assert (back - x).norm() < (0.05 if coils > 1 and maps != "given" else 1e-5) * x.norm()


def test_a_full_scan_has_no_truth_but_itself(kspace, lines):
    assert not Acquisition().scan(Raw("file", kspace), "a").truth
    assert "x" in Acquisition(noise_std=0.1).scan(Raw("file", kspace), "a").truth
    assert "x" in Acquisition().scan(Raw("file", kspace, mask=lines), "a").truth
    own = {"x": Field(torch.ones(1, 40, 36), ("y", "x"))}
    assert torch.equal(Acquisition().scan(Raw("file", kspace, truth=own), "a").truth["x"].data, own["x"].data)


def test_padding_that_a_mask_marks_is_not_measured(kspace, lines):
    kspace[..., :6] = kspace[..., 32:] = 0
    kspace[:, 20, 18] = 0  # a chance zero is a sample
    mask = Acquisition().scan(Raw("file", torch.where(lines, kspace, 0), mask=lines), "a").measured.acquisition["mask"].data[0] > 0
    expected = lines.clone()
    expected[:, :6] = expected[:, 32:] = False
    assert torch.equal(mask, expected)
    with pytest.raises(DataError, match="keeps only samples that are zero"):
        Acquisition().scan(Raw("file", kspace, mask=lines & (torch.arange(36) < 6)), "a")


def test_poison_at_a_sampled_place_is_seen(kspace, lines):
    other = kspace.clone()
    other[:, 20, 18] *= 2  # so that the test above can fail
    acquisition = Acquisition(maps="low-frequency")
    assert not same(acquisition.measure(Raw("f", kspace), lines, "a"), acquisition.measure(Raw("f", other), lines, "a"))


def test_shapes_axes_and_zeros(kspace):
    scan = Acquisition(acceleration=3, center_fraction=0.2).scan(Raw("file", kspace), "a")
    mask, maps = scan.measured.require("mask", "sensitivity_maps")
    assert scan.measured.acquisition["mask"].axes == ("ky", "kx") and scan.measured.acquisition["sensitivity_maps"].axes == (
        "coil",
        "y",
        "x",
    )
    assert mask.dtype == torch.float32 and tuple(mask.shape) == (1, 40, 36) and mask.sum() == 40 * 12
    assert torch.equal(scan.measured.y, kspace[None] * mask[:, None])
    assert torch.allclose(torch.linalg.vector_norm(maps, dim=1), torch.ones(1, 40, 36), atol=1e-5)
    assert scan.truth["x"].axes == ("y", "x") and scan.truth["x"].data.is_complex()


def test_truth_is_full_kspace_in_the_phase_of_the_measured_maps(kspace, image, coil_maps):
    inside = image.abs() > 0
    given = Acquisition(acceleration=2).scan(Raw("file", kspace, maps=coil_maps), "a")
    assert torch.allclose(given.truth["x"].data[0], (coil_maps.conj() * ifft(kspace)).sum(0), atol=1e-5)
    assert (given.truth["x"].data[0] - image)[inside].norm() < 0.05 * image.norm()
    for maps in ("espirit", "low-frequency"):
        scan = Acquisition(acceleration=2, center_fraction=0.35, maps=maps).scan(Raw("file", kspace), "a")
        x = scan.truth["x"].data[0]
        assert (x.abs() - image.abs())[inside].norm() < 0.1 * image.norm()
        # In the measured maps' own phase, so that maps times truth explains the data.
        explained = fft(scan.measured.acquisition["sensitivity_maps"].data[0] * x) * scan.measured.acquisition["mask"].data
        assert (explained - scan.measured.y[0]).norm() < 0.2 * scan.measured.y.norm()


def test_undersampled_data_have_no_truth_and_are_not_undersampled_again(kspace, lines):
    raw = Raw("file.h5", torch.where(lines, kspace, 0))
    scan = Acquisition().scan(raw, "a")
    assert not scan.truth and torch.equal(scan.measured.acquisition["mask"].data[0] > 0, lines)
    with pytest.raises(DataError, match=r"file\.h5: kspace: it is undersampled already .*\n.*acceleration at 1"):
        Acquisition(acceleration=2).scan(raw, "a")


def test_a_mask_beside_full_data_undersamples_them(kspace, lines):
    scan = Acquisition().scan(Raw("file", kspace, mask=lines), "a")
    assert torch.equal(scan.measured.acquisition["mask"].data[0] > 0, lines) and bool((scan.measured.y[:, :, ~lines] == 0).all())
    assert "x" in scan.truth
    other = Acquisition(acceleration=6, center_fraction=0.05).scan(Raw("file", kspace, mask=lines), "a")
    assert other.measured.acquisition["mask"].data.sum() == 40 * 6


def test_lines_run_along_the_stated_axis(kspace):
    mask = Acquisition(acceleration=2).scan(Raw("file", kspace, lines=-2), "a").measured.acquisition["mask"].data[0]
    assert bool((mask == mask[:, :1]).all()) and mask[:, 0].sum() == 20


@pytest.mark.parametrize("pattern", ["random", "equispaced", "gaussian", "poisson"])
def test_patterns_and_seeds(kspace, coil_maps, pattern):
    def mask(seed):
        acquisition = Acquisition(acceleration=3, pattern=pattern, center_fraction=0.12, mask_seed=seed)
        return acquisition.scan(Raw("file", kspace, maps=coil_maps), "a").measured.acquisition["mask"].data

    assert torch.equal(mask(0), mask(0)) and any(not torch.equal(mask(0), mask(seed)) for seed in (1, 2, 3))
    assert 2 < mask(0).numel() / mask(0).sum() < 4


def test_noise_is_added_only_where_measured_and_adds_up(kspace, coil_maps, lines):
    raw = Raw("file", kspace, mask=lines, maps=coil_maps, noise_std=0.02, peak=2.0)
    quiet, noisy = Acquisition().scan(raw, "a"), Acquisition(noise_std=0.05).scan(raw, "a")
    added = (noisy.measured.y - quiet.measured.y)[0]
    assert bool((added[:, ~lines] == 0).all()) and added[:, lines].abs().square().mean().sqrt().item() == pytest.approx(0.1, rel=0.05)
    assert quiet.measured.noise.std == 0.02 and noisy.measured.noise.std == pytest.approx(math.hypot(0.02, 0.1))
    assert torch.equal(quiet.truth["x"].data, noisy.truth["x"].data)
    assert not torch.equal(noisy.measured.y, Acquisition(noise_std=0.05).scan(raw, "b").measured.y)
    assert not torch.equal(noisy.measured.y, Acquisition(noise_std=0.05, mask_seed=1).scan(raw, "a").measured.y)


def test_auto_falls_back_to_low_frequency_maps(kspace, lines):
    narrow = lines.clone()
    narrow[:, 13:23] = False
    narrow[:, 17:19] = True
    raw = Raw("file", kspace, mask=narrow)
    maps = {m: Acquisition(maps=m).scan(raw, "a").measured.acquisition["sensitivity_maps"].data for m in ("auto", "low-frequency")}
    assert torch.equal(maps["auto"], maps["low-frequency"])
    with pytest.raises(DataError, match="file: maps = espirit"):
        Acquisition(maps="espirit").scan(raw, "a")


def test_one_channel(image):
    raw = Raw("file", fft(image)[None])
    scan = Acquisition(acceleration=2).scan(raw, "a")
    assert tuple(scan.measured.y.shape) == (1, 1, 40, 36) and bool((scan.measured.acquisition["sensitivity_maps"].data == 1).all())
    bare = Acquisition(acceleration=2, maps="none").scan(raw, "a")
    assert tuple(bare.measured.y.shape) == (1, 40, 36) and set(bare.measured.acquisition) == {"mask"}
    assert torch.allclose(bare.truth["x"].data[0], image, atol=1e-5) and torch.equal(bare.measured.y, scan.measured.y[0])


def test_inputs_are_not_modified(kspace, coil_maps, lines):
    copies = kspace.clone(), coil_maps.clone(), lines.clone()
    Acquisition(noise_std=0.1).scan(Raw("file", kspace, mask=lines, maps=coil_maps), "a")
    assert all(torch.equal(a, b) for a, b in zip((kspace, coil_maps, lines), copies, strict=True))


def test_maps_are_brought_to_unit_norm_and_may_be_zero_outside(kspace, coil_maps, image):
    holes = torch.where(image.abs() > 0, 3 * coil_maps, 0)
    maps = Acquisition().scan(Raw("file", kspace, maps=holes), "a").measured.acquisition["sensitivity_maps"].data[0]
    assert torch.allclose(torch.linalg.vector_norm(maps, dim=0), (image.abs() > 0).float(), atol=1e-5)


def test_all_faults_of_a_slice_at_once(kspace, lines):
    kspace[0, 1, 2] = torch.nan
    truth = {"x": Field(torch.zeros(1, 3, 3), ("y", "x"))}
    raw = Raw("file.h5", kspace, mask=lines[:, 1:], maps=torch.full((3, 40, 36), torch.inf), noise_std=-1.0, truth=truth)
    with pytest.raises(DataError) as caught:
        Acquisition().scan(raw, "a")
    text = str(caught.value)
    for part in ("file.h5: 6 problems", "kspace: 1 of 5760", "mask: shape (40, 35)", "(3, 40, 36) does not fit", "reference: shape (3, 3)",
                 "noise_std: -1.0", "sensitivity_maps: 4320 of 4320"):  # fmt: skip
        assert part in text


def test_faults_of_a_request(kspace):
    with pytest.raises(DataError, match="every value is zero"):
        Acquisition().scan(Raw("file", torch.zeros_like(kspace)), "a")
    with pytest.raises(DataError, match="keeps no sample"):
        Acquisition().scan(Raw("file", kspace, mask=torch.zeros(40, 36, dtype=torch.bool)), "a")
    with pytest.raises(DataError, match="no array 'sensitivity_maps'"):
        Acquisition(maps="given").scan(Raw("file", kspace), "a")
    with pytest.raises(DataError, match="4 coils"):
        Acquisition(maps="none").scan(Raw("file", kspace), "a")
    for wrong in ({"acceleration": 100.0}, {"acceleration": 8.0, "center_fraction": 0.5}, {"acceleration": 2, "pattern": "zigzag"}):
        with pytest.raises(DataError, match=r"file: kspace of shape \(40, 36\) cannot be undersampled"):
            Acquisition(**wrong).scan(Raw("file", kspace), "a")
