"""Frames, repetitions and echoes of a file as one scan with an axis t."""

import numpy as np
import pytest
import torch

from mridiff.errors import DataError
from mridiff_datasets.arrays import Arrays
from mridiff_operators.kt_cartesian import KtCartesianOperator
from mridiff_operators.sense import KtSense
from mridiff_sdk.fourier import fft

FRAMES = 5


@pytest.fixture
def moving(image):
    """A series (t, y, x) whose frames differ."""
    return torch.stack([torch.roll(image, f, -1) * (1 + 0.1 * f) for f in range(FRAMES)])


@pytest.fixture
def cine(tmp_path, save, moving, coil_maps):
    """A file of the full k-space of that series, (t, coil, y, x), and what it holds."""
    kspace = fft(coil_maps * moving[:, None])
    return save(tmp_path / "cine.npz", kspace=kspace, axes=np.array(["t", "coil", "y", "x"])), kspace


def test_frames_are_scans_or_one_scan(cine, moving):
    path, kspace = cine
    assert [s.id for s in Arrays(path)] == [f"cine-p{f:03d}" for f in range(FRAMES)]
    (scan,) = Arrays(path, series="frames", acceleration=3)
    mask = scan.measured.acquisition["mask"]
    assert scan.id == "cine" and mask.axes == ("t", "ky", "kx") and scan.truth["x"].axes == ("t", "y", "x")
    assert torch.equal(scan.measured.y[0], torch.where(mask.data[0] > 0, kspace.transpose(0, 1), 0))
    assert len({tuple(m.flatten().tolist()) for m in mask.data[0]}) == FRAMES  # of another seed each
    assert torch.allclose(mask.data.mean((-1, -2)), torch.full((1, FRAMES), 1 / 3), atol=0.06)


def test_the_operator_of_a_series_takes_it_and_its_truth_explains_the_data(cine):
    path, _ = cine
    (scan,) = Arrays(path, series="frames", acceleration=2, maps="espirit")
    A, x, y = KtSense.for_scan(scan.measured), scan.truth["x"].data, scan.measured.y
    assert float((A(x) - y).norm() / y.norm()) < 0.05


def test_maps_are_those_of_the_mean_over_time(cine, coil_maps):
    """Frames of few lines: those of all together resolve the coils, one frame's do not."""
    path, _ = cine

    def error(scan):
        maps = scan.measured.acquisition["sensitivity_maps"].data[0]
        inside = scan.truth["x"].data.abs().amax(tuple(range(scan.truth["x"].data.ndim - 2))) > 0.1
        overlap = (maps.conj() * coil_maps).sum(0).abs()[inside]
        return float(1 - overlap.mean())

    options = {"acceleration": 2, "maps": "low-frequency", "center_fraction": 0.03}
    (scan,) = Arrays(path, series="frames", **options)
    assert error(scan) < 0.5 * error(Arrays(path, **options)[0])


def test_one_coil_without_maps(tmp_path, save, moving):
    path = save(tmp_path / "a.npz", kspace=fft(moving), axes=np.array(["t", "y", "x"]))
    (scan,) = Arrays(path, series="frames", maps="none", acceleration=2, noise_std=0.01)
    A = KtCartesianOperator.for_scan(scan.measured)
    assert scan.measured.y.shape == (1, *moving.shape) and torch.allclose(scan.truth["x"].data[0], moving, atol=1e-5)
    residual = (A(scan.truth["x"].data) - scan.measured.y)[A.mask.expand_as(scan.measured.y) > 0]
    assert abs(float(residual.std()) / scan.measured.noise.std - 1) < 0.1


def test_a_mask_for_each_frame(tmp_path, save, moving):
    """Also of several slices: what stands beside k-space counts slices and frames along one axis."""
    kspace, rng = fft(moving), torch.Generator().manual_seed(0)
    masks = torch.rand(2 * FRAMES, *moving.shape[1:], generator=rng) < 0.4
    references = torch.stack([moving, 2 * moving]).flatten(0, 1)
    path = save(tmp_path / "a.npz", kspace=torch.stack([kspace, 2 * kspace]), mask=masks.to(torch.uint8), reference=references,
                axes=np.array(["slice", "t", "y", "x"]))  # fmt: skip
    scan = Arrays(path, series="frames", maps="none")[1]
    assert torch.equal(scan.measured.acquisition["mask"].data[0] > 0, masks[FRAMES:])
    assert torch.equal(scan.measured.y[0], torch.where(masks[FRAMES:], 2 * kspace, 0))
    assert torch.equal(scan.truth["x"].data[0], 2 * moving)


def test_slices_stay_scans(tmp_path, save, kspace):
    path = save(tmp_path / "a.npz", kspace=torch.stack([torch.stack([kspace, 2 * kspace, 3 * kspace])] * 2),
                axes=np.array(["slice", "t", "coil", "y", "x"]))  # fmt: skip
    scans = list(Arrays(path, series="frames"))
    assert [s.id for s in scans] == ["a-s000", "a-s001"] and scans[1].measured.y.shape[:3] == (1, len(kspace), 3)
    assert [s.id for s in Arrays(path, series="frames", slices="1,4,5")] == ["a-s000", "a-s001"]


def test_images_are_simulated_frame_by_frame(tmp_path, save, moving):
    path = save(tmp_path / "a.npz", image=moving, axes=np.array(["t", "y", "x"]))
    (scan,) = Arrays(path, series="frames", acceleration=2, coils=3)
    A = KtSense.for_scan(scan.measured)
    assert torch.allclose(A(scan.truth["x"].data), scan.measured.y, atol=1e-5)
    assert torch.allclose(scan.truth["x"].data[0].abs(), moving.abs(), atol=1e-5)


def test_what_is_no_series_is_refused(tmp_path, save, kspace):
    path = save(tmp_path / "a.npz", kspace=torch.stack([kspace, kspace]), axes=np.array(["t", "coil", "y", "x"]))
    with pytest.raises(DataError, match="series = repetitions: no scan here is one of several such"):
        Arrays(path, series="repetitions")
    with pytest.raises(DataError, match="series = frames"):
        Arrays(save(tmp_path / "b.npz", kspace=kspace), series="frames")


def test_what_it_will_give_is_told_before(cine):
    path, _ = cine
    held, (scan,) = Arrays(path, series="frames").contents(), Arrays(path, series="frames")
    assert held[0].scans == 1
    for name, sizes in held[0].measured.items():
        data = scan.measured.y[0] if name == "y" else scan.measured.acquisition[name].data[0]
        assert tuple(sizes.values()) == tuple(data.shape), name
    assert list(held[0].measured["y"]) == ["coil", "t", "ky", "kx"]
