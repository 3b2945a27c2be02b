"""Measured data, found by the environment variable MRIDIFF_DATA."""

import pytest
import torch

from mridiff.errors import DataError
from mridiff_datasets.arrays import Arrays
from mridiff_datasets.brain import head
from mridiff_datasets.folder import Folder
from mridiff_datasets.nifti import NIfTI
from mridiff_datasets.plausible import contradictions, doubts
from mridiff_sdk.fourier import ifft
from mridiff_sdk.io import open_hdf5


def test_noise_of_a_full_head_is_that_of_its_background(real_data):
    scan = Arrays(real_data / "multicoil_kspace" / "brain8_full.h5")[0]
    coils = ifft(scan.measured.y[0])
    corners = torch.cat([coils[:, a, b].flatten(1) for a in (slice(12), slice(-12, None)) for b in (slice(12), slice(-12, None))], 1)
    background = corners.abs().square().mean().sqrt()
    assert scan.id == "brain8_full" and scan.measured.noise.std == pytest.approx(float(background), rel=0.05)


def test_a_head_undersampled_fourfold(real_data):
    path = real_data / "multicoil_kspace" / "brain8_full.h5"
    full, scan = Arrays(path)[0], Arrays(path, acceleration=4)[0]
    (maps,) = full.measured.require("sensitivity_maps")
    x = (maps.conj() * ifft(full.measured.y)).sum(1)
    assert scan.measured.noise.std == pytest.approx(full.measured.noise.std, rel=0.1)
    mask, maps = scan.measured.require("mask", "sensitivity_maps")
    assert mask.sum() == 230 * 45 and torch.allclose(scan.truth["x"].data.abs(), x.abs(), rtol=1e-4, atol=1e-3)
    head_ = x[0].abs() > 0.15 * x.abs().max()
    explained = (maps[0] * scan.truth["x"].data - ifft(full.measured.y[0]))[:, head_]
    assert explained.norm() / ifft(full.measured.y[0])[:, head_].norm() < 0.15


def test_a_prospectively_undersampled_head_has_no_truth(real_data):
    scan = Arrays(real_data / "multicoil_kspace" / "brain8_prospective_r8.h5")[0]
    mask = scan.measured.acquisition["mask"].data
    assert not scan.truth and float(mask.mean()) == pytest.approx(0.1243, abs=1e-3)
    assert torch.equal(mask[0] > 0, (scan.measured.y[0] != 0).any(0)) and 0.01 < scan.measured.noise.std < 0.03


def test_the_embedded_brain_is_the_measured_one(real_data):
    scan = Arrays(real_data / "single_coil_brain" / "kspace.h5")[0]
    x = ifft(scan.measured.y[0, 0])
    assert torch.allclose(x, head(), atol=1e-3) and not scan.truth
    assert float(scan.measured.noise.std / x[:24, :24].abs().square().mean().sqrt()) == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("name", ["brain8_full", "brain8_smallfov", "brain16_lowres", "brain8_prospective_r8"])
def test_measured_heads_are_plausible_and_cease_to_be_when_they_are_turned(real_data, name):
    with open_hdf5(real_data / "multicoil_kspace" / f"{name}.h5") as file:
        kspace = torch.from_numpy(file.read("kspace"))
    assert contradictions(kspace) == [] and doubts(kspace) == []
    for wrong, words in ((torch.fft.ifftshift(kspace, (-2, -1)), "fftshift"), (torch.fft.ifftshift(kspace, (-1,)), "along kx"),
                         (kspace.permute(1, 2, 0), "moveaxis"), (kspace.permute(2, 1, 0), "moveaxis")):  # fmt: skip
        assert words in contradictions(wrong)[0]
    assert "looks like an image" in doubts(ifft(kspace))[0] or name == "brain8_smallfov"  # whose head fills the image


def test_a_folder_of_measured_heads(real_data):
    data = Folder(real_data / "multicoil_kspace", acceleration=4)
    assert [e.id for _, e in data.scans] == ["brain16_lowres", "brain8_full", "brain8_prospective_r8", "brain8_smallfov"]
    assert "x" in data[1].truth and "espirit_maps" in data[1].notes[0]
    with pytest.raises(DataError, match="undersampled already"):
        data[2]


def test_a_nifti_head(real_data):
    scan = NIfTI(real_data / "brain_templates" / "mni152_2009_t1.nii.gz", slices="90", acceleration=4, noise_std=0.01)[0]
    assert scan.id == "mni152_2009_t1-s090" and tuple(scan.truth["x"].data.shape) == (1, 229, 193)
    assert scan.measured.geometry.voxel_size == pytest.approx((1, 1))
