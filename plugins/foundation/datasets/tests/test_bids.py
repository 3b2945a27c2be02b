"""Data sets in BIDS: found by their description, read subject by subject."""

import json

import numpy as np
import pytest

import mridiff
from mridiff.errors import DataError
from mridiff_datasets.bids import BIDS
from mridiff_datasets.nifti import NIfTI

nibabel = pytest.importorskip("nibabel")


@pytest.fixture
def dataset(tmp_path):
    """Two subjects, one of them seen twice; beside the images what else lies in such a folder."""
    root = tmp_path / "study"
    rng = np.random.default_rng(0)
    for place, name in (("sub-01/anat", "sub-01_T1w"), ("sub-01/anat", "sub-01_acq-low_FLAIR"), ("sub-01/func", "sub-01_task-rest_bold"),
                        ("sub-02/ses-1/anat", "sub-02_ses-1_T1w"), ("derivatives/x/sub-01/anat", "sub-01_T1w")):  # fmt: skip
        (root / place).mkdir(parents=True, exist_ok=True)
        volume = np.zeros((20, 24, 3), dtype=np.float32)
        volume[4:16, 5:19] = rng.uniform(1, 2, (12, 14, 3))
        nibabel.save(nibabel.Nifti1Image(volume, np.diag([1, 1, 2, 1])), root / place / f"{name}.nii.gz")
        (root / place / f"{name}.json").write_text("{}")
    (root / "dataset_description.json").write_text(json.dumps({"Name": "x", "BIDSVersion": "1.10.0"}))
    (root / "participants.tsv").write_text("participant_id\n")
    return root


def test_a_folder_is_known_and_ids_begin_with_the_subject(dataset):
    scans = mridiff.open_scans(dataset, acceleration=2)
    ids = [f"{name}-s{i:03d}" for name in ("sub-01/T1w", "sub-01/acq-low_FLAIR", "sub-02/ses-1_T1w") for i in range(3)]
    assert BIDS.can_read(dataset) and [scan.id for scan in scans] == ids
    alone = NIfTI(path=dataset / "sub-01/anat/sub-01_T1w.nii.gz", acceleration=2)[1]
    assert scans[1].truth["x"].data.equal(alone.truth["x"].data) and scans[1].volume == "sub-01/T1w"


def test_kinds_are_chosen(dataset):
    assert {scan.id.split("-s0")[0] for scan in BIDS(path=dataset, kinds="T1w, T2w")} == {"sub-01/T1w", "sub-02/ses-1_T1w"}
    with pytest.raises(DataError, match="no anatomical image of kind PDw") as caught:
        BIDS(path=dataset, kinds="PDw")
    assert "kinds that are there: FLAIR, T1w" in caught.value.hint


def test_a_damaged_image_is_a_scan_that_says_so(dataset):
    (dataset / "sub-01/anat/sub-01_T1w.nii.gz").write_bytes(b"nothing")
    scans = BIDS(path=dataset)
    assert len(scans) == 7
    with pytest.raises(DataError, match="sub-01_T1w"):
        scans[0]
    assert [scan.id for scan in (scans[1], scans[4])] == ["sub-01/acq-low_FLAIR-s000", "sub-02/ses-1_T1w-s000"]


def test_what_is_no_data_set_is_none(dataset, tmp_path):
    assert not BIDS.can_read(dataset / "sub-01") and not BIDS.can_read(dataset / "participants.tsv")
    (dataset / "dataset_description.json").write_text('["BIDSVersion"]')
    assert not BIDS.can_read(dataset)
    for text in ("{", '"' * 2**21):
        (dataset / "dataset_description.json").write_text(text)
        assert not BIDS.can_read(dataset)
    with pytest.raises(DataError, match="is a folder"):
        BIDS(path=dataset / "participants.tsv")
    with pytest.raises(DataError, match="does not exist"):
        BIDS(path=tmp_path / "none")
