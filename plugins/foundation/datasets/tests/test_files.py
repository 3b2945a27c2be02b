import pytest

from mridiff.errors import DataError
from mridiff_datasets.files import entries, find, refuse, select, stem


@pytest.mark.parametrize(
    ("text", "chosen"), [("", [0, 1, 2, 3, 4]), ("2", [2]), ("-1", [4]), ("1:3", [1, 2]), ("::2", [0, 2, 4]), ("3, 1:3,1", [3, 1, 2])]
)
def test_select(text, chosen):
    assert select(text, 5, "file") == chosen


@pytest.mark.parametrize("text", ["5", "-6", "a", "1:2:0", "7:9", "1;2", ",", "1:2:-1"])
def test_select_refuses(text):
    with pytest.raises(DataError, match="slices"):
        select(text, 5, "file")


def test_find_sorts_a_folder_and_leaves_others_out(tmp_path):
    for name in ("b.h5", "a.h5", "c.txt", "bad.h5"):
        (tmp_path / name).touch()
    (tmp_path / "folder.h5").mkdir()
    assert [f.name for f in find(tmp_path, (".h5",), lambda f: f.name != "bad.h5")] == ["a.h5", "b.h5"]
    assert find(tmp_path / "bad.h5", (".h5",), lambda f: False) == [tmp_path / "bad.h5"]


def test_find_refuses_missing_and_empty(tmp_path):
    with pytest.raises(DataError, match="nowhere does not exist"):
        find(tmp_path / "nowhere", (".h5",), lambda f: True)
    with pytest.raises(DataError, match="holds no file"):
        find(tmp_path, (".h5",), lambda f: True)


def test_ids_are_stable_and_unique(tmp_path):
    files = [tmp_path / n for n in ("a.h5", "a.npz", "b.nii.gz")]
    ids = [e.id for e in entries(files, lambda f: ["s000", "s001"] if f.suffix == ".gz" else ["s000"])]
    assert ids == ["a-h5", "a-npz", "b-s000", "b-s001"]
    assert [e.id for e in entries(files[2:], lambda f: ["s000", "s001"], "1")] == ["b-s001"]
    assert stem(tmp_path / "x.y.nii") == "x.y"


def test_refuse_names_everything():
    refuse("file", [])
    with pytest.raises(DataError, match=r"file: 2 problems:\n  one\n  two"):
        refuse("file", ["one", "two"])
