"""Containers: files of arrays, opened by what they are, with the names of their axes as the user, the file or its format has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mridiff_sdk.io import SafeFile, open_hdf5

from .cfl import Cfl, open_cfl
from .files import refuse
from .matlab import Mat5, Reversed, open_matlab
from .named import Named, Order, parsed
from .npy import open_npy
from .npz import Npz, open_npz

MAIN = ("kspace", "image")


@contextmanager
def open_arrays(path: Path, holds: str, axes: str) -> Iterator[Named]:
    """The arrays of a file; `holds` names that of a file with one, `axes` overrides how the file or its format names those of the first.

    Raises DataError where the names do not fit the array.
    """
    with stored(path, holds) as found:
        names = found.keys()
        main = next((name for name in MAIN if name in names), "")
        last = isinstance(found, Reversed | Mat5)
        ndim = len(found.shape(main)) if main else 0
        words, where = (axes.split(","), "the option axes") if axes.strip() else _told(found, main)
        order = Order.usual(main, ndim, last)
        if main and words:
            named, problems = parsed(words, ndim)
            refuse(path, [f"{main}: {where}: {p}" for p in problems])
            order = Order(named, last)
        yield Named(found, main, order, str(path))


def stored(path: Path, holds: str = "") -> AbstractContextManager[Any]:
    """The arrays of a file by name, in the order that it has them in; `holds` names that of a file with one."""
    if path.suffix == ".npz":
        return open_npz(path)
    if path.suffix == ".npy":
        return open_npy(path, holds)
    if path.suffix == ".cfl":
        return open_cfl(path, holds)
    return open_matlab(path) if path.suffix == ".mat" else open_hdf5(path)


def _told(file: SafeFile | Npz | Any, main: str) -> tuple[Sequence[str], str]:
    """What a file says of the axes of its first array: BART's dimensions, an attribute of HDF5, an array `axes` of texts."""
    if isinstance(file, Cfl):
        return file.axes, "its header"
    if isinstance(file, SafeFile) and main:
        found = file.attributes(main).get("axes")
        return _words(found), "its attribute axes"
    names = file.keys()
    if isinstance(file, Npz) and "axes" in names and file.dtype("axes").kind in "US":
        return _words(file.read("axes")), "the array axes"
    return (), ""


def _words(found: Any) -> list[str]:
    words = [] if found is None else np.asarray(found).ravel().tolist()
    return [w.decode("utf-8", "replace") if isinstance(w, bytes) else str(w) for w in words[:20]]
