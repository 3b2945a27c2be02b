"""Folders of several formats, among damaged and foreign files, through the package and through the command line's choice."""

import nibabel
import numpy as np
import pytest
import torch

from mridiff import open_scans
from mridiff.errors import DataError
from mridiff_datasets.arrays import Arrays
from mridiff_datasets.fastmri import FastMRI
from mridiff_datasets.folder import Folder


@pytest.fixture
def mixed(tmp_path, save, kspace):
    save(tmp_path / "a.h5", kspace=torch.stack([kspace, kspace]), ismrmrd_header="none")
    save(tmp_path / "b.h5", kspace=kspace)
    save(tmp_path / "b.npz", image=kspace.abs().numpy()[0])
    nibabel.save(nibabel.Nifti1Image(np.ones((9, 8, 2), np.float32), np.eye(4)), tmp_path / "c.nii.gz")
    (tmp_path / "d.h5").write_bytes((tmp_path / "b.h5").read_bytes()[:3000])
    save(tmp_path / "e.h5", other=kspace)
    np.save(tmp_path / "f.npy", np.ones(3))
    (tmp_path / "g.h5").write_text("version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / "h.weird").write_text("?")
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "inner").mkdir()
    return tmp_path


def test_every_file_has_its_reader_and_the_bad_ones_say_why(mixed):
    data = Folder(mixed, acceleration=2, center_fraction=0.3, coils=3)
    assert [e.id for _, e in data.scans] == ["a-s000", "a-s001", "b-h5", "b-npz", "c-s000", "c-s001", "d", "e", "f", "g", "h"]
    assert [type(r).__name__ for r, _ in data.scans[:6]] == ["FastMRI", "FastMRI", "Arrays", "Arrays", "NIfTI", "NIfTI"]
    assert [data[i].id for i in range(6)] == ["a-s000", "a-s001", "b-h5", "b-npz", "c-s000", "c-s001"]
    assert data[3].measured.y.shape[1] == 3  # an option of images alone reaches them
    for index, words in ((6, "truncated"), (7, "arrays: there is neither"), (7, "fastmri: there is no array 'kspace'"), (8, r"kspace: shape \(3,\)"),
                         (9, "git lfs pull"), (10, "its name tells no format")):  # fmt: skip
        with pytest.raises(DataError, match=words):
            data[index]
    with pytest.raises(IndexError):
        data[11]


def test_a_scan_in_a_folder_is_the_scan_of_its_file(mixed):
    alone, among = FastMRI(mixed / "a.h5", acceleration=2, center_fraction=0.3)[1], Folder(mixed, acceleration=2, center_fraction=0.3)[1]
    assert alone.id == among.id and torch.equal(alone.measured.y, among.measured.y)
    noisy = {"acceleration": 2, "center_fraction": 0.3, "noise_std": 0.01}
    assert torch.equal(FastMRI(mixed / "a.h5", **noisy)[1].measured.y, Folder(mixed, **noisy)[1].measured.y)


def test_a_folder_without_a_scan_and_one_with_bad_files_only(tmp_path):
    (tmp_path / "README.md").write_text("about")
    with pytest.raises(DataError, match="holds no scan"):
        Folder(tmp_path)
    with pytest.raises(DataError, match="nowhere does not exist"):
        Folder(tmp_path / "nowhere")
    (tmp_path / "a.h5").write_bytes(b"")
    with pytest.raises(DataError, match=r"a\.h5: it is empty"):
        Folder(tmp_path)
    (tmp_path / "b.dcm").write_bytes(b"x")
    with pytest.raises(DataError, match=r"none of 2 files(.|\n)*DICOM"):
        Folder(tmp_path)


def test_a_link_to_a_file_that_was_not_fetched_does_not_vanish(tmp_path, save, kspace):
    (tmp_path / "a.h5").symlink_to(".git/annex/objects/a.h5")
    with pytest.raises(DataError, match=r"a\.h5: it is a link to a file that is not here(.|\n)*git annex get"):
        open_scans(tmp_path)
    save(tmp_path / "b.h5", kspace=kspace)
    for data, names in ((Folder(tmp_path), ["a", "b"]), (Arrays(tmp_path), ["a", "b"])):
        assert len(data) == len(names) and data[1].id == "b"
        with pytest.raises(DataError, match="not here"):
            data[0]


def test_a_path_chooses_its_dataset_and_no_reason_is_lost(mixed):
    chosen = [open_scans(mixed / n).name.partition(",")[0] for n in ("a.h5", "b.h5", "c.nii.gz", ".")]
    assert chosen == ["datasets/fastmri", "datasets/arrays", "datasets/nifti", "datasets/folder"] and len(open_scans(mixed)) == 11
    for name, words in (("d.h5", "truncated"), ("e.h5", "no group with 'data' and 'xml'"), ("f.npy", r"kspace: shape \(3,\) is not"), ("g.h5", "git lfs pull"),
                        ("h.weird", "its name tells no format"), ("h.weird", "not an HDF5 file")):  # fmt: skip
        with pytest.raises(DataError, match=words):
            open_scans(mixed / name)


def test_a_reader_that_is_named_takes_every_file_of_its_suffixes(mixed):
    data = Arrays(mixed)
    assert [e.id for e in data.entries] == ["a-s000", "a-s001", "b-h5", "b-npz", "d", "e", "f", "g"]
    assert [e.id for e in data.entries if e.error] == ["d", "e", "f", "g"]
