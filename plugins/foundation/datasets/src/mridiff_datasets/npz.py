"""Npz archives from strangers: every declared size is compared before a value is read, and pickles are refused."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mridiff.errors import DataError, UnsafeInput

LARGEST = 8 * 2**30
MOST_ARRAYS = 1000


class Npz:
    """The arrays of an archive, by the same calls as a safe HDF5 file."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._archive, self._path = archive, path
        members = archive.infolist()
        if len(members) > MOST_ARRAYS:
            raise UnsafeInput(f"{path}: it holds {len(members)} members; at most {MOST_ARRAYS} are read")
        self._heads = {m.filename.removesuffix(".npy"): self._head(m) for m in members}

    def keys(self) -> tuple[str, ...]:
        """Names of all arrays."""
        return tuple(self._heads)

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes of an array."""
        return self._heads[name][0]

    def dtype(self, name: str) -> np.dtype[Any]:
        """Type of an array's elements."""
        return self._heads[name][1]

    def read(self, name: str, slices: Any = None) -> NDArray[Any]:
        """An array, or the part that `slices` selects."""
        with self._archive.open(f"{name}.npy") as stream:
            values = np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
        return values if slices is None else np.asarray(values[slices])

    def _head(self, member: zipfile.ZipInfo) -> tuple[tuple[int, ...], np.dtype[Any]]:
        where = f"{self._path}: {member.filename}"
        if not member.filename.endswith(".npy"):
            raise UnsafeInput(f"{where}: it is no array", hint="Write the archive with numpy.savez.")
        if member.file_size > LARGEST:
            raise UnsafeInput(f"{where}: it claims {member.file_size / 2**30:.3g} GiB; at most {LARGEST / 2**30:.3g} GiB are read")
        with self._archive.open(member) as stream:
            shape, dtype = _describe(stream)
            claim = stream.tell() + math.prod(shape) * dtype.itemsize
        if dtype.hasobject:
            raise UnsafeInput(f"{where}: it holds pickled objects, which could run code", hint="Store plain numbers.")
        if claim != member.file_size:
            raise UnsafeInput(f"{where}: an array of shape {shape} and type {dtype} does not fit its {member.file_size} bytes")
        return shape, dtype


def _describe(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return tuple(int(n) for n in shape), dtype


@contextmanager
def open_npz(path: Path) -> Iterator[Npz]:
    """An archive whose headers have been checked; raises DataError if it is damaged, UnsafeInput if it lies about its sizes."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield Npz(archive, path)
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, KeyError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{path}: it cannot be read as an npz archive: {error}", hint="The file may be truncated or damaged.") from error
