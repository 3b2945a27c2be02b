"""fMRI responses of one's own: trials of one picture are averaged, pictures come in any of their forms, what does not fit is refused."""

import nibabel
import numpy as np
import pytest
import torch

from mridiff.errors import DataError
from mridiff_datasets.fmri_responses import FmriResponses

RNG = np.random.default_rng(0)
RESPONSES = RNG.standard_normal((4, 6)).astype(np.float32)
PICTURES = RNG.integers(0, 256, (4, 20, 30, 3), dtype=np.uint8)


def test_each_trial_is_a_scan_without_labels_and_has_no_reference_without_pictures(tmp_path, save):
    data = FmriResponses(path=save(tmp_path / "a.npz", responses=RESPONSES, sex=1))
    (told,) = data.contents()
    assert [s.id for s in data] == ["a-000", "a-001", "a-002", "a-003"] and not data[0].truth and data[0].measured.y is None
    assert torch.equal(data[2].measured.conditions["voxels"].data[0], torch.from_numpy(RESPONSES[2]))
    assert told.measured == {"voxels": {"voxel": 6}} and "sex" in told.left_out[0] and data.captions() == [""] * 4


@pytest.mark.parametrize(("labels", "ids"), [([7, 3, 7, 7], ["a-7", "a-3"]), (["cat", "dog", "cat", "cat"], ["a-cat", "a-dog"])])
def test_trials_of_one_label_are_averaged(tmp_path, save, labels, ids):
    data = FmriResponses(path=save(tmp_path / "a.npz", responses=RESPONSES, labels=np.array(labels), pictures=PICTURES), size=16)
    assert [s.id for s in data] == ids
    mean = torch.from_numpy(RESPONSES[[0, 2, 3]].mean(0))
    torch.testing.assert_close(data[0].measured.conditions["voxels"].data[0], mean)
    want = torch.from_numpy(PICTURES[1, :, 5:25]).permute(2, 0, 1)[None] / 255
    want = torch.nn.functional.interpolate(want, (16, 16), mode="bicubic", antialias=True).clamp(0, 1)
    torch.testing.assert_close(data[1].truth["x"].data, want)


def test_labels_may_number_fewer_pictures_which_may_be_grey(tmp_path, save):
    grey = RNG.random((2, 16, 16)).astype(np.float32)
    data = FmriResponses(path=save(tmp_path / "a.h5", responses=RESPONSES, labels=np.array([1, 0, 1, 0]), pictures=grey), size=16)
    assert len(data) == 2 and data[0].id == "a-1"
    torch.testing.assert_close(data[0].truth["x"].data, torch.from_numpy(grey[1]).expand(1, 3, 16, 16))


def test_matlab_and_captions_beside_it(tmp_path, save):
    from scipy.io import savemat

    savemat(tmp_path / "a.mat", {"responses": RESPONSES, "labels": np.array([1.0, 2, 2, 1])})
    assert [s.id for s in FmriResponses(path=tmp_path / "a.mat")] == ["a-1", "a-2"]
    shown = save(tmp_path / "shown.npz", captions=np.array(["a", "b", "c", "d"]), pictures=PICTURES)
    assert FmriResponses(path=tmp_path / "a.mat", shown=shown).captions() == ["a", "b", "c", "d"]


def test_betas_in_a_mask_are_the_same_responses(tmp_path, save):
    inside = np.zeros((3, 4, 2), np.uint8)
    inside[1, :3] = 1
    volumes = np.full((3, 4, 2, 4), np.nan, np.float32)
    volumes[inside > 0] = RESPONSES.T
    for name, values in (("betas", volumes), ("mask", inside), ("small", inside[:2]), ("none", 0 * inside)):
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / f"{name}.nii.gz")
    nibabel.save(nibabel.Nifti1Image(inside, 2 * np.eye(4)), tmp_path / "moved.nii.gz")
    betas, mask, shown = tmp_path / "betas.nii.gz", tmp_path / "mask.nii.gz", save(tmp_path / "shown.npz", pictures=PICTURES)
    data = FmriResponses(path=betas, mask=mask, shown=shown, size=16)
    assert torch.equal(data.responses, torch.from_numpy(RESPONSES)) and data[3].truth["x"].data.shape == (1, 3, 16, 16)
    assert data.contents()[0].measured == {"voxels": {"voxel": 6}} and data[3].id == "betas-003"
    for name, words in (("small", "is not that of one volume"), ("moved", "places the voxels elsewhere"), ("none", "no voxel is 1")):
        with pytest.raises(DataError, match=words):
            FmriResponses(path=betas, mask=tmp_path / f"{name}.nii.gz")
    with pytest.raises(DataError, match="mask: it is not given"):
        FmriResponses(path=betas)


@pytest.mark.parametrize(("change", "words"), [
    ({"responses": RESPONSES[0]}, r"responses: shape \(6,\) of float32 is not \(trial, voxel\)"),
    ({"responses": RESPONSES + 0j}, "of complex64 is not"),
    ({"labels": np.arange(3)}, r"labels: shape \(3,\) is not one of each trial"),
    ({"pictures": PICTURES.transpose(0, 3, 1, 2)}, "numpy.moveaxis"),
    ({"pictures": PICTURES[:3]}, "there are 3 of them for 4 trials"),
    ({"pictures": PICTURES[:3], "labels": np.array([1, 2, 3, 3])}, "there are 3 of them for 4 trials"),
    ({"captions": np.arange(4)}, "captions: .* is no list of texts"),
])  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(tmp_path, save, change, words):
    with pytest.raises(DataError, match=words):
        FmriResponses(path=save(tmp_path / "a.npz", **{"responses": RESPONSES} | change))


def test_other_problems_are_refused(tmp_path, save):
    with pytest.raises(DataError, match=r"mask: it is for NIfTI.*\n.*there is no `responses`"):
        FmriResponses(path=save(tmp_path / "a.npz", betas=RESPONSES), mask=tmp_path / "mask.nii.gz")
    lost = RESPONSES.copy()
    lost[:, 2] = np.nan
    with pytest.raises(DataError, match="4 values, in 1 voxels, are NaN"):
        FmriResponses(path=save(tmp_path / "b.npz", responses=lost))[0]
    with pytest.raises(DataError, match="not within 0 and 1"):
        FmriResponses(path=save(tmp_path / "c.npz", responses=RESPONSES, pictures=3.0 * PICTURES))[0]
    assert FmriResponses.can_read(tmp_path / "b.npz") and not FmriResponses.can_read(tmp_path / "a.npz")
