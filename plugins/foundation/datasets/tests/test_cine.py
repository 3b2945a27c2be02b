import pytest
import torch

from mridiff_datasets.cine import Cine
from mridiff_sdk.fourier import fft


def test_measured_is_masked_truth_with_noise_of_the_stated_level():
    scan = Cine(frames=8, size=32, acceleration=4, center_lines=4, noise_std=0.02)[0]
    (mask,) = scan.measured.require("mask")
    x = scan.truth["x"].data
    assert mask.shape == x.shape == (1, 8, 32, 32) and scan.measured.acquisition["mask"].axes == ("t", "ky", "kx")
    noise = (scan.measured.y - mask * fft(x))[mask > 0]
    assert float(noise.abs().square().mean().sqrt()) == pytest.approx(scan.measured.noise.std, rel=0.05)
    assert scan.measured.noise.std == pytest.approx(0.02 * float(x.abs().max()))
    assert not scan.measured.y[mask == 0].any()


def test_lines_are_interleaved_over_time():
    (mask,) = Cine(frames=8, size=32, acceleration=4, center_lines=4)[0].measured.require("mask")
    lines = mask[0, :, :, 0]
    assert torch.equal(mask, lines[None, :, :, None].expand_as(mask)) and lines[:, 14:18].all()
    assert torch.equal(lines[:4, :14].sum(0), torch.ones(14)) and not torch.equal(lines[0], lines[1])


def test_ranges_of_subjects_are_disjoint_and_stable():
    data, later = Cine(subjects=3, first=5, frames=4, size=16), Cine(subjects=2, first=6, frames=4, size=16)
    assert len(data) == 3 and [s.id for s in data] == ["cine-5", "cine-6", "cine-7"]
    assert torch.equal(data[1].measured.y, later[0].measured.y) and torch.equal(data[-1].measured.y, later[1].measured.y)
    assert not torch.equal(data[0].truth["x"].data, data[1].truth["x"].data)
    for outside in (3, -4):
        with pytest.raises(IndexError):
            data[outside]


def test_without_noise_the_level_is_unknown():
    scan = Cine(frames=4, size=16, acceleration=1, center_lines=0, noise_std=0.0)[0]
    assert scan.measured.noise.std is None
    torch.testing.assert_close(scan.measured.y, fft(scan.truth["x"].data))


def test_radial_scans_have_spokes():
    scan = Cine(frames=4, size=32, pattern="radial", acceleration=4)[0]
    (mask,) = scan.measured.require("mask")
    assert mask[0, :, 16, 16].all() and 0.15 < float(mask.mean()) < 0.3 and not torch.equal(mask[0, 0], mask[0, 1])
    assert not scan.measured.y[mask == 0].any()
