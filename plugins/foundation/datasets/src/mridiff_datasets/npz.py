"""Npz archives from strangers: every declared size is compared before a value is read, and pickles are refused."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mridiff.errors import UnsafeInput, boundary
from mridiff_sdk.io import afford

MOST_ARRAYS = 1000
PIECE = 2**20
"""Bytes that are inflated at a time."""

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What numpy writes; the others of the format inflate further, or need other libraries."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of an array says, and where its values begin."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    columns_first: bool
    start: int


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
        return self._heads[name].shape

    def dtype(self, name: str) -> np.dtype[Any]:
        """Type of an array's elements."""
        return self._heads[name].dtype

    def read(self, name: str, where: Any = None) -> NDArray[Any]:
        """An array, or what stands at `where` (numbers and ranges): of a number along the first axis, no more than that item is held.

        Raises DataError where it is damaged, UnsafeInput where it takes more memory than one scan may.
        """
        head = self._heads[name]
        first, *rest = where if isinstance(where, tuple) and where else (where,)
        index = first if isinstance(first, int) else None
        found = self._item(name, head, index)
        with _reading(self._path, name):
            return found[tuple(rest)] if index is not None else found if where is None else found[where]

    def _item(self, name: str, head: Head, index: int | None) -> NDArray[Any]:
        shape = head.shape if index is None or head.columns_first else head.shape[1:]
        size = math.prod(shape) * head.dtype.itemsize
        afford(size, f"{self._path}: {name}: reading {shape} of {head.dtype}")
        with _reading(self._path, name), self._archive.open(f"{name}.npy") as stream:
            if index is not None:
                _sound(self._path, f"{name}.npy", self._path.stat().st_mtime_ns)
            skipped = 0 if index is None or head.columns_first else range(head.shape[0])[index] * size
            for start in range(0, head.start + skipped, PIECE):
                stream.seek(min(PIECE, head.start + skipped - start), 1)
            values = np.frombuffer(_exactly(stream, size), head.dtype)
            values = values.reshape(shape, order="F" if head.columns_first else "C")
            return values if index is None or not head.columns_first else np.ascontiguousarray(values[index])

    def _head(self, member: zipfile.ZipInfo) -> Head:
        where = f"{self._path}: {member.filename}"
        if not member.filename.endswith(".npy"):
            raise UnsafeInput(f"{where}: it is no array", hint="Write the archive with numpy.savez.")
        if member.compress_type not in METHODS:
            raise UnsafeInput(f"{where}: its compression is of kind {member.compress_type}", hint="Write the archive with numpy.savez.")
        with _reading(self._path, member.filename), self._archive.open(member) as stream:
            head = describe(stream)
        if head.dtype.hasobject:
            raise UnsafeInput(f"{where}: it holds pickled objects, which could run code", hint="Store plain numbers.")
        if head.start + math.prod(head.shape) * head.dtype.itemsize != member.file_size:
            raise UnsafeInput(f"{where}: an array of shape {head.shape} and type {head.dtype} does not fit its {member.file_size} bytes")
        return head


def describe(stream: IO[bytes]) -> Head:
    """The head of an array at the beginning of a stream; raises ValueError where it is none."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, columns_first, dtype = read(stream)
    if any(isinstance(n, bool) or n < 0 for n in shape):
        raise ValueError(f"the shape {shape} is none")
    return Head(tuple(int(n) for n in shape), dtype, columns_first, stream.tell())


@lru_cache(maxsize=1000)
def _sound(path: Path, member: str, _modified: int) -> None:
    """Reads a member to its end, once: only there an archive tells damage, and parts of it are read many times."""
    with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
        while stream.read(PIECE):
            pass


def _exactly(stream: IO[bytes], size: int) -> bytearray:
    """So many bytes, in one piece of memory."""
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        part = stream.read(min(size - done, PIECE))
        if not part:
            raise EOFError(f"it ends {size - done} bytes early")
        view[done : done + len(part)] = part
        done += len(part)
    return data


@contextmanager
def open_npz(path: Path) -> Iterator[Npz]:
    """An archive whose headers have been checked; raises DataError if it is damaged, UnsafeInput if it lies about its sizes."""
    with _reading(path, "the archive"):
        archive = zipfile.ZipFile(path)
    with archive:
        yield Npz(archive, path)


def _reading(path: Path, name: str) -> AbstractContextManager[None]:
    return boundary(f"{path}: {name}: it cannot be read", "The file may be truncated or damaged.")
