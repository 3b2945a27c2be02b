"""Matlab: arrays of MAT-files, version 5 (`save`) and 7.3 (`save -v7.3`, which is HDF5 with the axes reversed)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mridiff.errors import DataError, boundary
from mridiff_sdk.io import SafeFile, afford, open_hdf5

NUMBERS = {"double": "f8", "single": "f4", "int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4",
           "int64": "i8", "uint64": "u8", "logical": "?"}  # fmt: skip
"""MATLAB's classes of numbers; that an array is complex, its head does not say by class."""

VERSION_7_3 = b"MATLAB 7.3"


class Reversed:
    """The arrays of a file of version 7.3, their axes in MATLAB's order, without sides of 1 of vectors and single numbers."""

    def __init__(self, file: SafeFile) -> None:
        self._file = file

    def keys(self) -> tuple[str, ...]:
        """Names of all arrays."""
        return self._file.keys()

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes, in MATLAB's order."""
        return squeezed(self._file.shape(name)[::-1])

    def dtype(self, name: str) -> np.dtype[Any]:
        """Type of an array's elements."""
        return self._file.dtype(name)

    def read(self, name: str, where: Any = None) -> NDArray[Any]:
        """The values, or those at `where` (numbers and ranges)."""
        stored = self._file.shape(name)
        if len(squeezed(stored)) < len(stored):
            found = self._file.read(name).reshape(squeezed(stored[::-1]))
            return np.asarray(found if where is None else found[where])
        full = (*(where or ()), *[slice(None)] * (len(stored) - len(where or ())))
        return self._file.read(name, full[::-1]).T


class Mat5:
    """The arrays of numbers of a file up to version 7, read whole: their values lie compressed, one array behind the other."""

    def __init__(self, path: Path) -> None:
        from scipy.io import whosmat

        self._path = path
        self._held = {name: (tuple(int(n) for n in shape), kind) for name, shape, kind in whosmat(path) if not name.startswith("__")}

    def keys(self) -> tuple[str, ...]:
        """Names of all arrays."""
        return tuple(self._held)

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes, in MATLAB's order."""
        return squeezed(self._held[name][0])

    def dtype(self, name: str) -> np.dtype[Any]:
        """Type of an array's elements; `object` for what is no array of numbers."""
        kind = self._held[name][1]
        if kind not in NUMBERS:
            return np.dtype(object)
        return self.read(name).dtype if kind in {"double", "single"} else np.dtype(NUMBERS[kind])

    def read(self, name: str, where: Any = None) -> NDArray[Any]:
        """The values, or those at `where` (numbers and ranges); raises UnsafeInput where the array takes more memory than one scan may."""
        shape, kind = self._held[name]
        if kind not in NUMBERS:
            raise DataError(f"{self._path}: {name}: it is a {kind}, not an array of numbers", hint="Save the array itself as a variable.")
        afford(2 * math.prod(shape) * np.dtype(NUMBERS[kind]).itemsize, f"{self._path}: {name}: reading {shape} of {kind}")
        with boundary(f"{self._path}: {name}: it cannot be read", "The file may be truncated or damaged."):
            values = _loaded(self._path, name, self._path.stat().st_mtime_ns).reshape(self.shape(name), order="F")
            return np.asarray(values if where is None else values[where])


@lru_cache(maxsize=4)
def _loaded(path: Path, name: str, _modified: int) -> NDArray[Any]:
    from scipy.io import loadmat

    values: NDArray[Any] = loadmat(path, variable_names=[name])[name]
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biufc":
        raise ValueError(f"its values are {type(values).__name__}")
    return values


def squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape as MATLAB means it, which knows no array of less than two axes."""
    return tuple(n for n in shape if n != 1) if len(shape) == 2 else shape


@contextmanager
def open_matlab(path: Path) -> Iterator[Reversed | Mat5]:
    """A MAT-file; raises DataError if it is damaged, UnsafeInput if it reaches out of itself or claims too much."""
    with path.open("rb") as file:
        new = file.read(len(VERSION_7_3)).upper() == VERSION_7_3
    if new:
        with open_hdf5(path) as held:
            yield Reversed(held)
        return
    with boundary(f"{path}: it cannot be read as a MAT-file", "The file may be truncated or damaged."):
        opened = Mat5(path)
    yield opened
