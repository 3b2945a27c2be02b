"""Held-out heads: the scans on which methods are measured, none of which any shipped weights have seen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Le

from mridiff.errors import ConfigError, Mistake
from mridiff.interfaces import Dataset, Scan, Streams
from mridiff_sdk.held_out import SUBJECTS, VARIABLE, data_folder, image, kspace, measured, numbers

from . import options
from .acquisition import Acquisition
from .raw import Raw
from .simulation import Simulation

__all__ = ["HeldOutHeads"]

Source = Annotated[
    Literal["t2", "measured", "t1", "t2-clinical", "flair", "heart"],
    "complex T2 slices of five heads, k-space of two heads measured with coils, magnitudes of a patient in three contrasts, or of hearts",
]
Folder = Annotated[Path | None, f"folder of measured data; where none is given, the environment variable {VARIABLE} names it"]
Subjects = Annotated[str, "names of subjects, separated by commas; empty = all"]
Count = Annotated[int, Ge(1), "at most so many slices of each subject, evenly spread"]
Size = Annotated[
    int, Ge(16), Le(512), "pixels of each side: T2 slices at that resolution, magnitudes cut to it; measured heads keep theirs"
]
Coils = Annotated[int, Ge(0), Le(64), "number of simulated coils; 0 = those that a head was measured with, 8 for images"]


@dataclass(kw_only=True, eq=False)
class Heads(options.CoilArray):
    """Which slices of heads or hearts are taken, and the coils that see them; a scan is named subject/slice."""

    path: Folder = field(default=None, kw_only=False)
    source: Source = "t2"
    subjects: Subjects = ""
    count: Count = 4
    size: Size = 128
    coils: Coils = 0

    def __post_init__(self) -> None:
        self.folder = data_folder(self.path)
        self.own = self.source == "measured" and self.coils == 0
        self.simulation = Simulation(self.coils or 8, self.coil_seed)
        self.slices = [(s, n) for s in chosen(self.source, self.subjects) for n in numbers(self.folder, self.source, s, self.count)]

    def name(self, index: int) -> str:
        """The name of a slice; raises IndexError beyond the last."""
        subject, number = self.slices[index]
        return f"{subject}/{number:03d}"

    def raw(self, index: int, given: bool) -> Raw:
        """All of the k-space of one slice; of a measured head with the maps of the file where these are `given`."""
        (subject, number), name = self.slices[index], self.name(index)
        if self.own:
            y, maps = kspace(self.folder, subject)
            return Raw(name, y, maps=maps if given else None)
        if self.source == "measured":
            return self.simulation.raw(name, measured(self.folder, subject)[0][0])
        return self.simulation.raw(name, image(self.folder, self.source, subject, number, self.size))


@dataclass(kw_only=True, eq=False)
class HeldOutHeads(Heads, options.Sampling, Dataset):
    """Slices of heads or hearts that no shipped weights have seen, each with a mask of its own; a scan is named subject/slice.

    Images are seen by simulated coils, and their own noise belongs to the truth. Of measured heads k-space is taken as it was measured,
    and `maps` are estimated from the samples that are kept (`given`: those that come with the data, made of all samples); with a number
    of `coils` the image that these maps combine is simulated from instead. Magnitudes have a simulated phase.
    """

    acceleration: options.Acceleration = 4.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.acquisition = Acquisition.of(self)

    def __len__(self) -> int:
        return len(self.slices)

    def __getitem__(self, index: int) -> Scan:
        """The scan of one slice; raises DataError where the folder lacks its file."""
        name = self.name(index)
        drawn = Streams.of(self.acquisition.mask_seed, name).child("mask").integers(0, 2**62)
        return replace(self.acquisition, mask_seed=int(drawn)).scan(self.raw(index, given=self.maps == "given"), name)


def chosen(source: str, subjects: str) -> tuple[str, ...]:
    """The subjects asked for, in the order of all; raises ConfigError that names every other."""
    known, wanted = SUBJECTS[source], [name for name in (part.strip() for part in subjects.split(",")) if name]
    if unknown := [name for name in wanted if name not in known]:
        raise ConfigError([Mistake("subjects", f"no subject {name!r} in {source}; there are {', '.join(known)}") for name in unknown])
    return tuple(name for name in known if not wanted or name in wanted)
