"""Cfl: BART arrays (Uecker et al., 10.5281/zenodo.592960): a `.cfl` of complex64, first axis fastest, its sizes in a `.hdr`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mridiff.errors import DataError, boundary
from mridiff_sdk.io import afford

AXES = {0: "x", 1: "y", 2: "kz", 3: "coil", 5: "echo", 10: "t", 13: "slice", 14: "average"}
"""Names of BART's dimensions that are read: readout, two phase encodings, coils, echo times, frames, slices, averages."""

WHAT = {
    4: "sets of maps",
    6: "coefficients",
    7: "coefficients",
    8: "iterations",
    9: "cycles",
    11: "a second time",
    12: "levels",
    15: "a batch",
}
MOST = 2**16
"""Bytes of a header that are read."""


class Cfl:
    """The one array of a pair of files, under the name `holds`, with those of its dimensions that are longer than 1 or name a plane."""

    def __init__(self, path: Path, holds: str) -> None:
        self._path, self._name = path, holds
        sizes = _sizes(path.with_suffix(".hdr"))
        wrong = [f"{n} {WHAT.get(d, 'values')} along dimension {d}" for d, n in enumerate(sizes) if n > 1 and d not in AXES]
        if wrong:
            raise DataError(f"{path}: it holds {' and '.join(wrong)}, which are not read", hint="Take one, as `bart slice 4 0 in out`.")
        if sizes[0] == 1 and min(sizes[1:3]) > 1:
            raise DataError(f"{path}: its first dimension is 1, so its {sizes[1]} x {sizes[2]} samples lie off a grid, along a trajectory "
                            "in another file", hint="Grid them first, as `bart nufft -a trajectory kspace image`.")  # fmt: skip
        if (size := path.stat().st_size) != math.prod(sizes) * 8:
            raise DataError(f"{path}: it has {size} bytes, {math.prod(sizes) * 8} belong to the sizes {sizes} in its header")
        kept = [d for d, n in enumerate(sizes) if d in AXES and (n > 1 or d < 2)]
        self.axes = tuple("z" if AXES[d] == "kz" and holds == "image" else AXES[d] for d in kept)
        self._shape = tuple(sizes[d] for d in kept)

    def keys(self) -> tuple[str, ...]:
        """Its name."""
        return (self._name,)

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes, in the order of the file."""
        return self._shape

    def dtype(self, name: str) -> np.dtype[Any]:
        """complex64."""
        return np.dtype("<c8")

    def read(self, name: str, where: Any = None) -> NDArray[Any]:
        """The values, or those at `where` (numbers and ranges); raises UnsafeInput where they take more memory than one scan may."""
        with boundary(f"{self._path}: {name}: it cannot be read", "The file may be truncated or damaged."):
            stored = np.memmap(self._path, "<c8", "r", shape=self._shape, order="F")
            part = stored[() if where is None else where]
            afford(part.nbytes, f"{self._path}: {name}: reading {part.shape} of complex64")
            return np.array(part)


def _sizes(header: Path) -> list[int]:
    """The sizes that a header states, at least two; raises DataError where there is none."""
    if not header.is_file():
        raise DataError(
            f"{header}: there is no such file", hint="A BART array is a pair of files, name.cfl and name.hdr; keep them together."
        )
    with header.open("rb") as file:
        text = file.read(MOST).decode("utf-8", "replace")
    found = re.search(r"^# Dimensions\s*\n([\d \t]+)$", text, re.MULTILINE)
    sizes = [int(n) for n in found[1].split()] if found and len(found[1]) < 1000 else []
    if not sizes or min(sizes) < 1 or len(sizes) > 32:
        raise DataError(f"{header}: there are no sizes after '# Dimensions'", hint="BART writes them as '# Dimensions' and '256 256 1 8'.")
    return [*sizes, *[1] * (16 - len(sizes))]


@contextmanager
def open_cfl(path: Path, holds: str) -> Iterator[Cfl]:
    """A BART array; raises DataError where its header does not fit it, or what it holds is not read."""
    with boundary(f"{path}: it cannot be read", "The file may be truncated or damaged."):
        opened = Cfl(path, holds)
    yield opened
