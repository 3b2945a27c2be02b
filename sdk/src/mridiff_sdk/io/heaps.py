"""Heaps: where HDF5 keeps texts and lists of any length. The library goes round for ever in one whose sizes do not add up."""

from __future__ import annotations

import mmap
from functools import lru_cache
from pathlib import Path

from mridiff.errors import DataError, boundary

MARK = b"GCOL\x01\x00\x00\x00"
"""The first bytes of a heap: its name and its version."""

HEAD = 16
"""Bytes before the heap's objects (mark, size), and before each object (number, references, nothing, size)."""


def check_heaps(path: Path) -> None:
    """Raises DataError where a heap of the file does not consist of its objects; a file is looked at once.

    Source: HDF5 File Format Specification 3.0, section III.E, for the usual files with sizes of 8 bytes.
    """
    with boundary(f"{path}: it cannot be read"):
        _checked(path, path.stat().st_mtime_ns, path.stat().st_size)


@lru_cache(maxsize=1000)
def _checked(path: Path, _modified: int, size: int) -> None:
    if size == 0:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(MARK)
        while at >= 0:
            end = at + int.from_bytes(data[at + 8 : at + 16], "little")
            if end <= size and not _adds_up(data, at + HEAD, end):
                raise DataError(f"{path}: the heap at byte {at} is damaged", hint="The file may be truncated or damaged.")
            at = data.find(MARK, at + 8)


def _adds_up(data: mmap.mmap, at: int, end: int) -> bool:
    """Whether objects from `at` fill a heap up to `end`; a rest too small for an object is free."""
    while at + HEAD <= end:
        size = int.from_bytes(data[at + 8 : at + 16], "little")
        # Object 0 is the free space, whose size counts its head.
        step = size if data[at : at + 2] == b"\0\0" else HEAD + (size + 7) // 8 * 8
        if step < HEAD or at + step > end:
            return False
        at += step
    return True
