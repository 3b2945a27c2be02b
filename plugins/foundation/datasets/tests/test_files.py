import os

import pytest

from mridiff import open_scans
from mridiff.errors import DataError
from mridiff_datasets.arrays import Arrays
from mridiff_datasets.fastmri import FastMRI
from mridiff_datasets.files import entries, find, refuse, refuse_foreign, select, stem
from mridiff_datasets.folder import Folder
from mridiff_datasets.ismrmrd import ISMRMRD
from mridiff_datasets.nifti import NIfTI


@pytest.mark.parametrize(
    ("text", "chosen"),
    [("", [0, 1, 2, 3, 4]), ("2", [2]), (2, [2]), (0, [0]), ("-1", [4]), ("1:3", [1, 2]), ("::2", [0, 2, 4]), ("3, 1:3,1", [3, 1, 2])],
)
def test_select(text, chosen):
    assert select(text, 5, "file") == chosen


@pytest.mark.parametrize("text", [5, "5", "-6", "a", "1:2:0", "7:9", "1;2", ",", "1:2:-1"])
def test_select_refuses(text):
    with pytest.raises(DataError, match="slices"):
        select(text, 5, "file")


def test_find_sorts_a_folder_and_leaves_others_out(tmp_path):
    for name in ("b.h5", "a.h5", "c.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder.h5").mkdir()
    assert [f.name for f in find(tmp_path, (".h5",))] == ["a.h5", "b.h5"]
    assert find(tmp_path / "c.txt", (".h5",)) == [tmp_path / "c.txt"]


def test_find_refuses_missing_and_empty(tmp_path):
    with pytest.raises(DataError, match="nowhere does not exist"):
        find(tmp_path / "nowhere", (".h5",))
    with pytest.raises(DataError, match="holds no file"):
        find(tmp_path, (".h5",))


@pytest.mark.parametrize("reader", [NIfTI, Arrays, FastMRI, ISMRMRD, Folder])
def test_pipes_and_devices_are_refused_and_not_opened(tmp_path, reader):
    os.mkfifo(tmp_path / "pipe.h5")
    (tmp_path / "zero.nii.gz").symlink_to("/dev/zero")
    for name in ("pipe.h5", "zero.nii.gz"):
        with pytest.raises(DataError, match=f"{name} is a pipe or a device"):
            reader(tmp_path / name)
    with pytest.raises(DataError, match="holds no"):
        reader(tmp_path)


def test_ids_are_stable_and_unique(tmp_path):
    files = [tmp_path / n for n in ("a.h5", "a.npz", "b.nii.gz")]
    for file in files:
        file.write_text("something")
    ids = [e.id for e in entries(files, lambda f: ["s000", "s001"] if f.suffix == ".gz" else ["s000"])]
    assert ids == ["a-h5", "a-npz", "b-s000", "b-s001"]
    assert [e.id for e in entries(files[2:], lambda f: ["s000", "s001"], "1")] == ["b-s001"]
    assert stem(tmp_path / "x.y.nii") == "x.y"


def test_a_file_that_cannot_be_read_is_an_entry_among_others_and_an_error_alone(tmp_path):
    good, bad, pointer = (tmp_path / n for n in ("good.h5", "bad.h5", "pointer.h5"))
    good.write_text("something")
    bad.write_text("something else")
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")

    def labels(file):
        refuse(file, ["it is bad"] if file == bad else [])
        return ["s000"]

    found = entries([bad, good, pointer], labels)
    assert [e.id for e in found] == ["bad", "good", "pointer"]
    assert "it is bad" in str(found[0].error) and found[1].error is None and "Git LFS" in str(found[2].error)
    with pytest.raises(DataError, match="it is bad"):
        entries([bad], labels)
    with pytest.raises(DataError, match=r"none of 2 files(.|\n)*it is bad(.|\n)*Git LFS"):
        entries([bad, pointer], labels)


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.h5", b"version https://git-lfs.github.com/spec/v1\n", ("Git LFS", "git lfs pull")),
    ("a.h5", b"", ("empty", "again")),
    ("a.nii.gz", b"<!DOCTYPE html><html>", ("web page", "download")),
    ("a.hdr", b"# Dimensions\n1 1\n", ("BART", "name the .cfl")),
    ("meas.dat", bytes(8), ("Siemens", "siemens_to_ismrmrd")),
])  # fmt: skip
def test_what_is_known_and_not_read_says_how_to_convert(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        refuse_foreign(path)
    assert all(word in str(caught.value) for word in (name, *words))


def test_a_file_that_no_dataset_reads_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "meas.dat"
    path.write_bytes(bytes(8))
    with pytest.raises(DataError, match="no dataset reads it") as caught:
        open_scans(path)
    assert "siemens_to_ismrmrd" in caught.value.hint


def test_refuse_names_everything():
    refuse("file", [])
    with pytest.raises(DataError, match=r"file: 2 problems:\n  one\n  two"):
        refuse("file", ["one", "two"])
