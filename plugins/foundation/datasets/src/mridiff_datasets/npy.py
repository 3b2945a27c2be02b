"""Npy: a single array of NumPy, its head examined before a value is read, and pickles refused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mridiff.errors import UnsafeInput, boundary
from mridiff_sdk.io import afford

from .npz import describe


class Npy:
    """The array of a file, under the name `holds`."""

    def __init__(self, path: Path, holds: str) -> None:
        self._path, self._name = path, holds
        with path.open("rb") as stream:
            self._head = describe(stream)
        if self._head.dtype.hasobject:
            raise UnsafeInput(f"{path}: it holds pickled objects, which could run code", hint="Store plain numbers.")
        if self._head.start + math.prod(self._head.shape) * self._head.dtype.itemsize != path.stat().st_size:
            raise UnsafeInput(f"{path}: an array of shape {self._head.shape} and type {self._head.dtype} does not fit its "
                              f"{path.stat().st_size} bytes")  # fmt: skip

    def keys(self) -> tuple[str, ...]:
        """Its name."""
        return (self._name,)

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes."""
        return self._head.shape

    def dtype(self, name: str) -> np.dtype[Any]:
        """Type of its elements."""
        return self._head.dtype

    def read(self, name: str, where: Any = None) -> NDArray[Any]:
        """The values, or those at `where` (numbers and ranges); raises UnsafeInput where they take more memory than one scan may."""
        head = self._head
        with boundary(f"{self._path}: {name}: it cannot be read", "The file may be truncated or damaged."):
            stored = np.memmap(self._path, head.dtype, "r", head.start, head.shape, "F" if head.columns_first else "C")
            part = stored[() if where is None else where]
            afford(part.nbytes, f"{self._path}: {name}: reading {part.shape} of {head.dtype}")
            return np.array(part)


@contextmanager
def open_npy(path: Path, holds: str) -> Iterator[Npy]:
    """An array whose head has been checked; raises DataError if it is damaged, UnsafeInput if it lies about its size."""
    with boundary(f"{path}: it cannot be read", "The file may be truncated or damaged."):
        opened = Npy(path, holds)
    yield opened
