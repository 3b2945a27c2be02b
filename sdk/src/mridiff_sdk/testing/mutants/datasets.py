"""Broken data sets."""

# ruff: noqa: D102 - the class says what is wrong with its methods

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Dataset, Field, Gaussian, Measured, Scan, Streams
from mridiff.spec import Trait

from ..cases import SINGLE, DatasetCase
from ..reference import Masked
from ..scans import Shape, cartesian
from .mutant import Mutant, Sound

OFFERS = frozenset({Trait.MASK, Trait.REFERENCE, Trait.GAUSSIAN_NOISE})
SHAPE = Shape(("y", "x"), (6, 7))


class Few(Dataset):
    """Three simulated scans; a `path` that does not exist is refused."""

    def __init__(self, path: Path | None = None, n: int = 3) -> None:
        self.path, self.n = path, n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> Scan:
        """Scan `index`."""
        self.look()
        if not -self.n <= index < self.n:
            raise IndexError(f"{self.n} scans; there is no index {index}")
        return self.scan(index % self.n)

    def look(self) -> None:
        """Raise DataError unless the file is there."""
        if self.path is not None and not self.path.exists():
            raise DataError(f"{self.path} does not exist", hint="Check the spelling.")

    def scan(self, i: int) -> Scan:
        """Scan i, from 0."""
        x, measured = self.truth(i), cartesian(SHAPE, SINGLE, with_maps=False)
        y = Masked.for_scan(measured)(x)
        return Scan(f"scan-{i}", Measured(y, Gaussian(0.1), measured.acquisition), {"x": Field(x, ("y", "x"))})

    def truth(self, i: int) -> Tensor:
        """The image of scan i."""
        return Streams.of(i, "truth").normal(SHAPE.sizes)


class Endless(Few):
    """Wraps around instead of ending."""

    def __getitem__(self, index: int) -> Scan:
        self.look()
        return self.scan(index % self.n)


class FreshNoise(Few):
    """Adds other noise at every read."""

    def truth(self, i: int) -> Tensor:
        fresh = torch.Generator()
        return super().truth(i) + 1e-3 * torch.randn(SHAPE.sizes, generator=fresh.manual_seed(fresh.seed() >> 1), dtype=torch.complex64)


class SameId(Few):
    """Calls all scans alike."""

    def scan(self, i: int) -> Scan:
        found = super().scan(i)
        return Scan("scan", found.measured, found.truth)


class Holes(Few):
    """Divides by zero where nothing was sampled."""

    def scan(self, i: int) -> Scan:
        found = super().scan(i)
        mask = found.measured.acquisition["mask"]
        density = Field(1 / mask.data, mask.axes)
        return Scan(found.id, Measured(found.measured.y, Gaussian(0.1), {"mask": mask, "density": density}), found.truth)


class SharedTruth(Few):
    """Shows the truth as a condition, in the same memory."""

    def scan(self, i: int) -> Scan:
        found = super().scan(i)
        m = found.measured
        return Scan(found.id, Measured(m.y, m.noise, m.acquisition, {"prior": found.truth["x"]}), found.truth)


class Kept(Few):
    """Reads once and hands the same tensors to everyone, its truth a copy."""

    def __init__(self, path: Path | None = None, n: int = 3) -> None:
        super().__init__(path, n)
        self.scans: dict[int, Scan] = {}

    def scan(self, i: int) -> Scan:
        self.scans.setdefault(i, super().scan(i))
        return Scan(self.scans[i].id, self.scans[i].measured, {"x": Field(self.truth(i), ("y", "x"))})


class MaskForgotten(Few):
    """Declares a mask that its k-space does not follow."""

    def scan(self, i: int) -> Scan:
        found = super().scan(i)
        mask = found.measured.acquisition["mask"]
        return Scan(found.id, Measured(found.measured.y, Gaussian(0.1), {"mask": Field(mask.data.roll(1, -1), mask.axes)}), found.truth)


class HoldsFunction(Few):
    """Holds a function that cannot be sent."""

    def __init__(self, path: Path | None = None, n: int = 3) -> None:
        super().__init__(path, n)
        self.change: Callable[[Tensor], Tensor] = lambda x: x


class Silent(Few):
    """Gives an empty scan for a file that is not there."""

    def look(self) -> None:
        """Look nowhere."""


class GlobalDice(Few):
    """Spends a global random number on every read."""

    def look(self) -> None:
        """Spend one."""
        super().look()
        torch.rand(())


def cases(kind: type[Few]) -> Callable[[], list[DatasetCase]]:
    """A data set with its defaults."""
    return lambda: [DatasetCase(id="defaults", offers=OFFERS, build=kind, missing=partial(kind, Path("no-such-file")))]


SOUND = (Sound("three simulated scans", cases(Few)),)
MUTANTS = (
    Mutant("index beyond the end", "dataset.index", cases(Endless)),
    Mutant("other noise at every read", "dataset.repeatable", cases(FreshNoise)),
    Mutant("one id for all", "dataset.ids", cases(SameId)),
    Mutant("divides by an empty mask", "dataset.finite-scans", cases(Holes)),
    Mutant("truth in the memory of a condition", "dataset.truth-apart", cases(SharedTruth)),
    Mutant("scans shared among readers", "dataset.scans-kept", cases(Kept)),
    Mutant("mask that k-space does not follow", "dataset.contents", cases(MaskForgotten)),
    Mutant("cannot be sent to workers", "dataset.sent-to-workers", cases(HoldsFunction)),
    Mutant("missing file passed over", "dataset.missing-file", cases(Silent)),
    Mutant("global random numbers", "dataset.generators-kept", cases(GlobalDice)),
)
