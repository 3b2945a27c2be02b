"""Named: arrays by the names of their axes. Whatever order a file has them in, they are read as (counters, coil, y, x)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mridiff.errors import DataError
from mridiff_sdk.io import afford

PLANE = ("coil", "y", "x")
COUNTED = {
    "slice": "s",
    "z": "s",
    "kz": "s",
    "echo": "e",
    "contrast": "e",
    "t": "p",
    "phase": "p",
    "set": "t",
    "repetition": "r",
    "average": "a",
}
"""Axes that tell one scan from another, and their letters in an id; kz is transformed to slices first."""

ALIASES = {"ky": "y", "kx": "x", "coils": "coil", "channel": "coil", "slices": "slice", "frame": "t", "time": "t", "echoes": "echo"}
KNOWN = ("slice", "coil", "y", "x", *(a for a in COUNTED if a != "slice"))

GAPS = 0.01
"""The part of samples that may be exactly zero by chance."""


class Stored(Protocol):
    """A file of arrays by name, in the axis order of the file; `read` takes numbers and ranges, one per axis from the first on."""

    def keys(self) -> tuple[str, ...]:
        """Names of all arrays."""

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes of an array."""

    def dtype(self, name: str) -> np.dtype[Any]:
        """Type of its elements."""

    def read(self, name: str, where: Any = None) -> NDArray[Any]:
        """Its values, or those at `where`."""


@dataclass(frozen=True)
class Order:
    """In which order a file has its axes: those of its k-space or image, the counters before the plane, or behind (`last`)."""

    axes: tuple[str, ...]
    last: bool = False

    @classmethod
    def usual(cls, what: str, ndim: int, last: bool) -> Order:
        """(slice, coil, y, x), without the first where there are fewer; (y, x, coil, slice) in files that have the last axis first."""
        full = ("slice", "coil", "y", "x") if what == "kspace" else ("slice", "y", "x")
        return cls((*full[-2:], *full[-3::-1])[:ndim] if last else full[-ndim:], last)

    def of(self, name: str, ndim: int) -> tuple[str, ...]:
        """The axes of an array that stands beside it; none where it has another number of axes than it should."""
        plane = tuple(a for a in self.axes if a in {"y", "x"})
        counters = tuple(a for a in self.axes if a not in PLANE)
        added = (*plane, "coil") if self.last else ("coil", *plane)
        coils = tuple(a for a in self.axes if a in PLANE) if "coil" in self.axes else added
        few = {"sensitivity_maps": coils, "reference": plane, "field_map": plane, "mask": plane if ndim == 2 else ("x",)}.get(name, ())
        many = tuple(a for a in self.axes if a in counters or a in few) if set(few) <= set(self.axes) else ()
        many = many or ((*few, *counters) if self.last else (*counters, *few))
        one = few if counters else (("slice", *few) if not self.last else (*few, "slice"))
        return next((axes for axes in (few, many, one) if len(axes) == ndim), ())


class Named:
    """Arrays of a file whose axes have names, by the same calls, with the counters first and the plane last."""

    def __init__(self, stored: Stored, main: str, order: Order, source: str) -> None:
        self._stored, self.main, self.order, self.source = stored, main, order, source

    def axes(self, name: str) -> tuple[str, ...]:
        """Names of the axes of an array, in the order in which it is read."""
        found = self._of(name)
        return (*(a for a in found if a not in PLANE), *(a for a in PLANE if a in found))

    def keys(self) -> tuple[str, ...]:
        """Names of all arrays."""
        return self._stored.keys()

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes of an array, in the order in which it is read."""
        sizes = dict(zip(self._of(name), self._stored.shape(name), strict=True))
        return tuple(sizes[a] for a in self.axes(name))

    def dtype(self, name: str) -> np.dtype[Any]:
        """Type of an array's elements."""
        return self._stored.dtype(name)

    def read(self, name: str, index: Sequence[int] = ()) -> NDArray[Any]:
        """An array, or what stands at `index` of its first axes."""
        axes, stored = self.axes(name), self._of(name)
        chosen: dict[str, Any] = dict(zip(axes, index, strict=False))
        plane = chosen.pop("kz", None) if name == "kspace" else None
        where = tuple(chosen.get(a, slice(None)) for a in stored)
        while where and where[-1] == slice(None):
            where = where[:-1]
        values = self._stored.read(name, where or None)
        left, wanted = [a for a in stored if a not in chosen], [a for a in axes if a not in chosen]
        values = values.transpose([left.index(a) for a in wanted])
        return values if plane is None else self._slice(values, wanted.index("kz"), int(plane))

    def _slice(self, kspace: NDArray[Any], axis: int, index: int) -> NDArray[Any]:
        """One slice of k-space (.., kz, .., y, x) by its transform along kz, centred and orthonormal; DataError where kz has gaps."""
        afford(2 * kspace.nbytes, f"{self.source}: transforming {kspace.shape} along kz")
        taken = np.moveaxis(kspace != 0, axis, 0)
        gaps = np.maximum.accumulate(taken) & np.maximum.accumulate(taken[::-1])[::-1] & ~taken
        if gaps.sum() > GAPS * taken.sum():
            raise DataError(f"{self.source}: kspace: it is undersampled along kz, so it has no slices that could be read one by one",
                            hint="Read slice by slice, kz must be sampled without gaps; undersample ky alone.")  # fmt: skip
        n = kspace.shape[axis]
        phase = np.exp(2j * np.pi * (np.arange(n) - n // 2) * (index - n // 2) / n) / np.sqrt(n)
        return np.tensordot(phase.astype(np.complex64), kspace, (0, axis))

    def _of(self, name: str) -> tuple[str, ...]:
        ndim = len(self._stored.shape(name))
        found = self.order.axes if name == self.main else self.order.of(name, ndim)
        return found if len(found) == ndim else tuple(f"axis {i}" for i in range(ndim))


def parsed(names: Sequence[str], ndim: int) -> tuple[tuple[str, ...], list[str]]:
    """Axes by the names that a file or a user gives, and what is wrong with them."""
    axes = tuple(ALIASES.get(n.strip().lower(), n.strip().lower()) for n in names)
    unknown = [repr(a)[:40] for a in axes if a not in KNOWN]
    problems = [f"{', '.join(unknown)}: no such axis; known are {', '.join(KNOWN)}"] if unknown else []
    letters = [COUNTED.get(a, a) for a in axes]
    if not unknown and (len(set(letters)) < len(letters) or not {"y", "x"} <= set(axes)):
        problems.append(f"{', '.join(axes)}: y and x must be among them, and each once")
    if len(axes) != ndim:
        problems.append(f"{', '.join(axes)[:200]} are {len(axes)} axes, the array has {ndim}")
    return axes, problems
