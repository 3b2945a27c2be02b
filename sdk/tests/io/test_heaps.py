"""Heaps of HDF5: sound ones pass, and one in which the library would go round for ever is told."""

import re

import h5py
import numpy as np
import pytest

from mridiff.errors import DataError
from mridiff_sdk.io.hdf5 import open_hdf5
from mridiff_sdk.io.heaps import check_heaps


@pytest.fixture
def path(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["texts"] = ["one", "x" * 9000, "three"] * 30
        file["lists"] = np.zeros(3)
        file.attrs["a"] = ["b", "c" * 70]
    return tmp_path / "a.h5"


def test_sound_heaps_pass(path, tmp_path):
    assert path.read_bytes().count(b"GCOL") >= 3
    check_heaps(path)
    (tmp_path / "empty").write_bytes(b"")
    check_heaps(tmp_path / "empty")
    with open_hdf5(path) as file:
        assert file.read("texts")[1] == "x" * 9000 and list(file.attributes()["a"]) == ["b", "c" * 70]


@pytest.mark.parametrize("size", [0, 1, 15, 2**20, 2**62, 2**63, 2**64 - 1, 2**64 - 16])
def test_a_size_that_lies_is_told_before_the_library_sees_it(path, size):
    blob = path.read_bytes()
    for heap in (m.start() for m in re.finditer(b"GCOL", blob)):
        at = heap + 16
        while blob[at : at + 2] != b"\0\0":  # the free space behind the last object
            at += 16 + (int.from_bytes(blob[at + 8 : at + 16], "little") + 7) // 8 * 8
        if at + 16 > heap + int.from_bytes(blob[heap + 8 : heap + 16], "little"):
            continue
        damaged = bytearray(blob)
        damaged[at + 8 : at + 16] = size.to_bytes(8, "little")
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=rf"a\.h5: the heap at byte {heap} is damaged"), open_hdf5(path) as file:
            file.read("texts")
        with pytest.raises(DataError, match="is damaged"), open_hdf5(path) as file:
            file.attributes()
        return
    raise AssertionError("no heap has room left")
