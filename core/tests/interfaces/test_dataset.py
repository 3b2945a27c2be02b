"""A dataset as it is handed out: errors of its reader are errors of the family, and an IndexError means an index outside."""

from __future__ import annotations

import pytest

from mridiff.errors import DataError, UnsafeInput
from mridiff.interfaces.dataset import Dataset, Guarded

ERRORS = (MemoryError("3 GiB"), IndexError("list index out of range"), UnsafeInput("no"), KeyboardInterrupt())


class Broken(Dataset):
    def __len__(self):
        return len(ERRORS)

    def __getitem__(self, index):
        raise ERRORS[index]


def test_what_a_reader_raises_is_told_with_the_scan():
    scans = Guarded(Broken(), "arrays, a.h5")
    assert len(scans) == 4
    with pytest.raises(DataError, match=r"arrays, a\.h5: scan 0 cannot be read: MemoryError: 3 GiB"):
        scans[0]
    with pytest.raises(DataError, match="scan 1 cannot be read: IndexError: list index"):
        scans[-3]
    with pytest.raises(UnsafeInput, match=r"^no$"):
        scans[2]
    with pytest.raises(KeyboardInterrupt):
        scans[-1]


@pytest.mark.parametrize("index", [4, -5, 10**30])
def test_an_index_outside_is_an_index_error(index):
    with pytest.raises(IndexError):
        Guarded(Broken(), "")[index]
