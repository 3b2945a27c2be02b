from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import pytest

from mridiff.errors import DataError
from mridiff_sdk.training_data.anatomy import Source
from mridiff_sdk.training_data.volume import guided, inner, load_volume, read


@pytest.mark.parametrize("path", ["head.nii.gz", "scans.h5:head"])
def test_a_missing_file_is_named(tmp_path: Path, path: str) -> None:
    with pytest.raises(DataError, match=path.partition(":")[0]):
        load_volume(tmp_path, Source(path, "t1", 0.7, 0.0, 1.0, 0.9))


def test_one_head_is_read_alike_from_nifti_and_from_both_orders_in_hdf5(tmp_path: Path) -> None:
    """However its axes are stored, x runs to the right, y to the front and z upwards afterwards."""
    head = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    stored = head[::-1, ::-1]
    affine = np.diag([-2.0, -3.0, 4.0, 1.0])
    nib.save(nib.Nifti1Image(stored, affine), tmp_path / "head.nii.gz")
    with h5py.File(tmp_path / "scans.h5", "w") as f:
        f["slices"], f["volume"] = stored.T, stored
        f["slices"].attrs["affine_xyz"], f["volume"].attrs["affine"] = affine, affine
    for path in ("head.nii.gz", "scans.h5:slices", "scans.h5:volume"):
        values, voxel = read(tmp_path, path)
        assert np.array_equal(values, head) and voxel == (2, 3, 4), path


def test_slices_of_one_person_are_read_alone(tmp_path: Path) -> None:
    images = np.arange(2 * 3 * 4).reshape(4, 3, 2)
    with h5py.File(tmp_path / "all.h5", "w") as f:
        f["images"], f["patient"] = images, np.array([b"A", b"B", b"A", b"C"])
    values, voxel = read(tmp_path, "all.h5:images", "A")
    assert np.array_equal(values, images[[0, 2]].T) and voxel == (1, 1, 1)
    assert read(tmp_path, "all.h5:images")[0].shape == (2, 3, 4)
    with pytest.raises(DataError, match="no slice of D"):
        read(tmp_path, "all.h5:images", "D")


def test_smoothing_removes_noise_and_keeps_edges() -> None:
    step = np.where(np.arange(24) < 12, 0.2, 1.0)[:, None, None] * np.ones((24, 24, 24))
    noisy = (step + 0.02 * np.random.default_rng(0).standard_normal(step.shape)).astype(np.float32)
    out = guided(noisy, (3, 3, 3), 0.04)
    assert np.std((out - step)[2:8]) < 0.5 * 0.02
    assert (out[12] - out[11]).mean() > 0.7
    flat = guided(noisy, (3, 3, 1), 0.04)
    assert np.array_equal(flat[:, :, 3], guided(noisy[:, :, 3:4], (3, 3, 1), 0.04)[:, :, 0])  # thick slices do not mix


def test_the_centre_of_k_space_keeps_the_mean_and_smooth_shapes() -> None:
    at = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    wave = (2 + np.cos(at))[:, None, None] * np.ones((24, 24, 2), np.float32)
    for kept, step in ((0.5, 2), (2 / 3, 1.5)):
        small = inner(wave, kept)
        np.testing.assert_allclose(small[:, 0, 0], 2 + np.cos(np.arange(len(small)) * step * 2 * np.pi / 24), atol=1e-5)
        assert small.shape == (24 / step, 24 / step, 2)


def test_cropped_k_space_makes_larger_voxels(tmp_path: Path) -> None:
    head = np.random.default_rng(0).random((30, 20, 4)).astype(np.float32)
    nib.save(nib.Nifti1Image(head, np.diag([0.5, 0.6, 3.0, 1.0])), tmp_path / "head.nii.gz")
    volume = load_volume(tmp_path, Source("head.nii.gz", "t2", 0.3, 0.0, 1.0, 0.9, axial_only=True, kept=0.7))
    assert volume.coefficients.shape == (21, 14, 4)
    assert volume.voxel_mm == pytest.approx((0.5 * 30 / 21, 0.6 * 20 / 14, 3.0))
