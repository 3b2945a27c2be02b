import os
import unicodedata

import pytest

from mridiff.errors import DataError
from mridiff.pipeline.folder import OWN, Folder, folder_name

NAMES = ["患者一", "患者二", "é", "ü", "Пациент", "मरीज़", "scan", "scan-1", "a b", "a-b", "a  b", "../a b/c", "..", ".", "", " ", "/", "-a", "a.",
         ".hidden", "record.json", "run.json", "index.html", "x\n", "x\x1b[2J", "\udcfc", "\udcfd", "x" * 300, "x" * 301, "患" * 100,
         unicodedata.normalize("NFD", "é"), "a:b", "a\\b", "nul\0"]  # fmt: skip


def test_a_plain_name_is_kept_in_every_script():
    for name in ("scan-1_b.2", "患者一", "é", "Пациент", "مريض"):
        assert folder_name(name) == name
    assert folder_name("a b").startswith("a-b-") and folder_name("../a b/c").startswith("a-b-c-")


def test_names_that_differ_have_folders_that_differ():
    assert len({folder_name(n) for n in NAMES}) == len(NAMES)
    assert folder_name("a b") == folder_name("a b")


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_every_name_becomes_a_safe_one(name, tmp_path):
    found = folder_name(name)
    assert found.isprintable() and not set(found) & set('/\\:*?"<>| ') and not found.startswith((".", "-")) and found not in OWN
    (tmp_path / f".partial-{'0' * 16}-{found}").mkdir()
    assert unicodedata.is_normalized("NFC", found)


def test_a_pipe_in_the_place_of_the_marker_is_refused(tmp_path, in_time):
    os.mkfifo(tmp_path / "run.json")
    with pytest.raises(DataError, match=r"run\.json: it is not an ordinary file"):
        Folder(tmp_path, {})
