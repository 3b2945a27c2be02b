"""Broken data sets."""

# ruff: noqa: D102 - the class says what is wrong with its methods

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Contents, Dataset, Field, Gaussian, Measured, Scan, Streams
from mridiff.spec import Trait

from ... import fourier
from ..cases import SINGLE, DatasetCase
from ..reference import Masked, Sense
from ..scans import Shape, cartesian, maps
from .mutant import Mutant, Sound

OFFERS = frozenset({Trait.MASK, Trait.REFERENCE, Trait.GAUSSIAN_NOISE})
SHAPE = Shape(("y", "x"), (6, 7))


class Few(Dataset):
    """Three simulated scans with noise, of all samples or of some, with coil maps or one coil; a `path` that does not exist is refused."""

    coils = 1

    def __init__(self, path: Path | None = None, n: int = 3, full: bool = False, std: float = 0.1, seed: int = 0) -> None:
        self.path, self.n, self.full, self.std, self.seed = path, n, full, std, seed

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
        x, drawn = self.truth(i), cartesian(Shape(("y", "x"), SHAPE.sizes, self.coils), SINGLE, with_maps=self.coils > 1)
        mask, maps = drawn.acquisition["mask"], drawn.acquisition.get("sensitivity_maps")
        mask = Field(torch.ones_like(mask.data), mask.axes) if self.full else mask
        acquisition = {"mask": mask} if maps is None else {"mask": mask, "sensitivity_maps": maps}
        A = Masked(mask.data) if maps is None else Sense(maps.data, mask.data)
        y = A(x)
        sampled = mask.data if maps is None else mask.data[:, None]
        noise = self.std * sampled * Streams.of(self.seed, f"noise-{i}").normal_like(y)
        return Scan(f"scan-{i}", Measured(y + noise, Gaussian(self.std or None), acquisition), {"x": Field(x, ("y", "x"))})

    def truth(self, i: int) -> Tensor:
        """The image of scan i."""
        return Streams.of(i, "truth").normal(SHAPE.sizes)


class Foretold(Few):
    """Says of its scans beforehand what they hold."""

    def contents(self) -> list[Contents]:
        ky, kx = SHAPE.sizes
        return [Contents("a", {}, self.n, {"y": {"ky": ky, "kx": kx}, "mask": {"ky": ky, "kx": kx}})]


class Misjudged(Foretold):
    """Says that the axes of its k-space come in another order."""

    def contents(self) -> list[Contents]:
        ky, kx = SHAPE.sizes
        return [replace(super().contents()[0], measured={"y": {"kx": kx, "ky": ky}, "mask": {"ky": ky, "kx": kx}})]


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
        return Scan(found.id, replace(found.measured, acquisition={"mask": mask, "density": density}), found.truth)


class SharedTruth(Few):
    """Shows the truth as a condition, in the same memory."""

    def scan(self, i: int) -> Scan:
        found = super().scan(i)
        m = found.measured
        return Scan(found.id, Measured(m.y, m.noise, m.acquisition, {"prior": found.truth["x"]}), found.truth)


class Kept(Few):
    """Reads once and hands the same tensors to everyone, its truth a copy."""

    def __init__(self, path: Path | None = None, n: int = 3, full: bool = False, std: float = 0.1, seed: int = 0) -> None:
        super().__init__(path, n, full, std, seed)
        self.scans: dict[int, Scan] = {}

    def scan(self, i: int) -> Scan:
        self.scans.setdefault(i, super().scan(i))
        return Scan(self.scans[i].id, self.scans[i].measured, {"x": Field(self.truth(i), ("y", "x"))})


class MaskForgotten(Few):
    """Declares a mask that its k-space does not follow."""

    def scan(self, i: int) -> Scan:
        found = super().scan(i)
        mask = found.measured.acquisition["mask"]
        return Scan(found.id, replace(found.measured, acquisition={"mask": Field(mask.data.roll(1, -1), mask.axes)}), found.truth)


class HoldsFunction(Few):
    """Holds a function that cannot be sent."""

    def __init__(self, path: Path | None = None, n: int = 3, full: bool = False, std: float = 0.1, seed: int = 0) -> None:
        super().__init__(path, n, full, std, seed)
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


class Coils(Few):
    """The same with three coils and their maps."""

    coils = 3


class Altered(Few):
    """One part of every scan is not what it should be."""

    def scan(self, i: int) -> Scan:
        return self.alter(super().scan(i))

    def alter(self, scan: Scan) -> Scan:
        """The altered scan."""
        return scan


class OffCentre(Altered):
    """Leaves the origin of k-space in the corner."""

    def alter(self, scan: Scan) -> Scan:
        m = scan.measured
        axes = (-2, -1)
        y, mask = torch.fft.ifftshift(m.y, axes), torch.fft.ifftshift(m.acquisition["mask"].data, axes)
        return replace(scan, measured=replace(m, y=y, acquisition={"mask": Field(mask, ("ky", "kx"))}))


class OtherUnits(Altered):
    """Gives the truth in a thousandth of the units of the measurement."""

    def alter(self, scan: Scan) -> Scan:
        return replace(scan, truth={"x": Field(1000 * scan.truth["x"].data, ("y", "x"))})


class SlightlyOther(Altered):
    """Gives a truth that is a thousandth too large."""

    def alter(self, scan: Scan) -> Scan:
        return replace(scan, truth={"x": Field(1.001 * scan.truth["x"].data, ("y", "x"))})


class Swapped(Altered):
    """Exchanges rows and columns of the truth."""

    def alter(self, scan: Scan) -> Scan:
        return replace(scan, truth={"x": Field(scan.truth["x"].data.mT, ("y", "x"))})


class Conjugated(Altered):
    """Conjugates k-space, as another sign of the Fourier transform does."""

    def alter(self, scan: Scan) -> Scan:
        return replace(scan, measured=replace(scan.measured, y=scan.measured.y.conj().resolve_conj()))  # type: ignore[union-attr]


class OwnPhase(Altered):
    """Measures the image in the phase of its coil, of which the truth knows nothing."""

    def alter(self, scan: Scan) -> Scan:
        x, y, mask = scan.truth["x"].data, scan.measured.y, scan.measured.acquisition["mask"].data
        assert isinstance(y, Tensor)
        noise = y - mask * fourier.fft(x)
        return replace(scan, measured=replace(scan.measured, y=mask * fourier.fft(maps(SHAPE, SINGLE).data[:, 0] * x) + noise))


class Transposed(Altered):
    """Exchanges rows and columns of everything."""

    def alter(self, scan: Scan) -> Scan:
        m = scan.measured
        turned = {name: Field(f.data.mT.contiguous(), f.axes) for name, f in m.acquisition.items()}
        truth = {"x": Field(scan.truth["x"].data.mT.contiguous(), ("y", "x"))}
        return replace(scan, measured=replace(m, y=m.y.mT.contiguous(), acquisition=turned), truth=truth)  # type: ignore[union-attr]


class UpsideDown(Few):
    """Reads the rows from the other end."""

    def scan(self, i: int) -> Scan:
        found = super().scan(i)
        if not self.full:
            return found
        y = fourier.fft(fourier.ifft(found.measured.y).flip(-2))  # type: ignore[arg-type]
        truth = {"x": Field(found.truth["x"].data.flip(-2), ("y", "x"))}
        return replace(found, measured=replace(found.measured, y=y), truth=truth)


class OtherLevel(Altered):
    """States a noise level that is a tenth too high."""

    def alter(self, scan: Scan) -> Scan:
        noise = scan.measured.noise
        assert isinstance(noise, Gaussian) and (noise.std is None or isinstance(noise.std, float))
        return replace(scan, measured=replace(scan.measured, noise=Gaussian(noise.std and 1.1 * noise.std)))


class Invented(Altered):
    """States a noise level where there is no noise."""

    def alter(self, scan: Scan) -> Scan:
        return replace(scan, measured=replace(scan.measured, noise=Gaussian(self.std or 0.1)))


class Louder(Coils):
    """Gives coil maps that are three times too large."""

    factor = 3.0

    def scan(self, i: int) -> Scan:
        found = super().scan(i)
        S = self.wrong(found.measured.acquisition["sensitivity_maps"].data)
        acquisition = {**found.measured.acquisition, "sensitivity_maps": Field(S, ("coil", "y", "x"))}
        return replace(found, measured=replace(found.measured, acquisition=acquisition))

    def wrong(self, maps: Tensor) -> Tensor:
        """The wrong maps (1, coil, y, x)."""
        return 3 * maps


class ConjugatedMaps(Louder):
    """Gives conjugated coil maps."""

    def wrong(self, maps: Tensor) -> Tensor:
        return maps.conj().resolve_conj()


def cases(kind: type[Few]) -> Callable[[], list[DatasetCase]]:
    """A data set with its defaults."""
    offers = OFFERS | {Trait.MAPS} if kind.coils > 1 else OFFERS
    return lambda: [DatasetCase(id="defaults", offers=offers, build=kind, missing=kind, clean={"full": partial(kind, full=True, std=0.0)},
                                noisy=lambda seed: kind(full=True, seed=seed), image=Few().truth(0)[0].abs())]  # fmt: skip


SOUND = (
    Sound("three simulated scans", cases(Few)),
    Sound("three scans foretold", cases(Foretold)),
    Sound("three scans of three coils", cases(Coils)),
)
MUTANTS = (
    Mutant("index beyond the end", "dataset.index", cases(Endless)),
    Mutant("other noise at every read", "dataset.repeatable", cases(FreshNoise)),
    Mutant("one id for all", "dataset.ids", cases(SameId)),
    Mutant("divides by an empty mask", "dataset.finite-scans", cases(Holes)),
    Mutant("truth in the memory of a condition", "dataset.truth-apart", cases(SharedTruth)),
    Mutant("scans shared among readers", "dataset.scans-kept", cases(Kept)),
    Mutant("mask that k-space does not follow", "dataset.contents", cases(MaskForgotten)),
    Mutant("contents that name axes in another order", "dataset.foretold", cases(Misjudged)),
    Mutant("k-space not centred", "dataset.truth-explained", cases(OffCentre)),
    Mutant("truth in other units", "dataset.truth-explained", cases(OtherUnits)),
    Mutant("truth a thousandth too large", "dataset.truth-explained", cases(SlightlyOther)),
    Mutant("axes of the truth swapped", "dataset.truth-explained", cases(Swapped)),
    Mutant("conjugated k-space", "dataset.truth-explained", cases(Conjugated)),
    Mutant("phase of the coil missing from the truth", "dataset.truth-explained", cases(OwnPhase)),
    Mutant("coil maps three times too large", "dataset.truth-explained", cases(Louder)),
    Mutant("conjugated coil maps", "dataset.truth-explained", cases(ConjugatedMaps)),
    Mutant("all axes transposed", "dataset.image", cases(Transposed)),
    Mutant("image upside down", "dataset.image", cases(UpsideDown)),
    Mutant("noise level a tenth too high", "dataset.noise-level", cases(OtherLevel)),
    Mutant("invented noise level", "dataset.noise-level", cases(Invented)),
    Mutant("cannot be sent to workers", "dataset.sent-to-workers", cases(HoldsFunction)),
    Mutant("missing file passed over", "dataset.missing-file", cases(Silent)),
    Mutant("global random numbers", "dataset.generators-kept", cases(GlobalDice)),
)
