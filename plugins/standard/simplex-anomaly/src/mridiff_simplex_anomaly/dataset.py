"""Datasets: brain slices with lesions whose place is known - drawn into slices that come with the package, or measured ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from torch import Tensor

from mridiff.errors import ConfigError, Mistake
from mridiff.interfaces import Dataset, Field, Gaussian, Geometry, Measured, Scan
from mridiff_sdk.held_out import VARIABLE, data_folder
from mridiff_sdk.io import open_hdf5

from .healthy import PIXEL_MM
from .lesions import Looks, with_lesion
from .people import PEOPLE, scan3d
from .prior import P99

EMBEDDED = Path(__file__).parent / "data" / "healthy.h5"
AXES = ("y", "x")
INSIDE = 0.1
"""What is brighter than this part of the 99th percentile belongs to the brain."""
Count = Annotated[int, Ge(1), "at most so many slices of each person, evenly spread"]


def scan_of(name: str, x: Tensor, lesion: Tensor | None, healthy: Tensor | None) -> Scan:
    """A scan of a slice (y, x), p99 about 1; the truth: its brain, its lesion, and the slice without it, if that is known."""
    head = (x if healthy is None else healthy) > INSIDE
    truth = {"head": head} | ({} if lesion is None else {"lesion": lesion & head}) | ({} if healthy is None else {"x": healthy})
    fields = {key: Field(value[None].clone(), AXES) for key, value in truth.items()}
    return Scan(name, Measured(x[None].clone(), Gaussian(), geometry=Geometry((PIXEL_MM, PIXEL_MM))), fields)


def drawn(name: str, healthy: Tensor, looks: Looks, seed: int) -> Scan:
    """A scan of a healthy slice (y, x), p99 = 1, with a drawn lesion or none."""
    if looks == "none":
        return scan_of(name, healthy, torch.zeros_like(healthy, dtype=torch.bool), healthy)
    x, lesion = with_lesion(P99 * healthy, healthy > INSIDE, seed, looks)
    return scan_of(name, x / P99, lesion, healthy)


class DrawnLesions(Dataset):
    """Slices of heads 15 and 16 of the label maps, in the contrast of FLAIR, which no weights have seen, each with one drawn lesion."""

    def __init__(self, *, count: Count = 4, looks: Looks = "either") -> None:
        self.looks = looks
        with open_hdf5(EMBEDDED) as f:
            slices, heads = torch.from_numpy(f.read("slices")).float(), [str(int(n)) for n in f.read("heads")]
        self.named: list[tuple[str, Tensor]] = []
        for head in dict.fromkeys(heads):
            own = [i for i, h in enumerate(heads) if h == head]
            self.named += [(f"head{head}/{k}", slices[own[k]]) for k in range(min(count, len(own)))]

    def __len__(self) -> int:
        return len(self.named)

    def __getitem__(self, index: int) -> Scan:
        """The scan of one slice."""
        name, healthy = self.named[index]
        return drawn(name, healthy, self.looks, range(len(self))[index])


@dataclass(kw_only=True, eq=False)
class FlairLesions(Dataset):
    """Measured FLAIR slices of patients, brain alone, 2 mm pixels: with their own outlined lesions, with a drawn one, or with none.

    Where a lesion is drawn or none is asked for, slices have none of the patient's own as far as outlines tell; most patients have no
    outlines, and what they have counts as healthy. A scan is named person/slice. Raises ConfigError for a person who is not there.
    """

    path: Annotated[Path | None, f"folder of measured data; where none is given, the environment variable {VARIABLE} names it"] = None
    people: Annotated[str, "names, separated by commas"] = "ms07,ms19"
    lesions: Annotated[Literal["own", "drawn", "none"], "what is to be found"] = "own"
    looks: Looks = "brighter"
    count: Count = 4
    size: Annotated[int, Ge(32), Le(256), "pixels of each side"] = 96
    apart: Annotated[bool, "name a slice person-slice, so that it counts as a case of its own"] = False

    def __post_init__(self) -> None:
        self.folder = data_folder(self.path)
        wanted = [name for name in (part.strip() for part in self.people.split(",")) if name]
        known = [name for name, person in PEOPLE.items() if person.lesions or self.lesions != "own"]
        if unknown := [name for name in wanted if name not in known]:
            raise ConfigError([Mistake("people", f"no {name!r} here; there are {', '.join(known)}") for name in unknown])
        ill = self.lesions == "own"
        self.slices = [(name, k) for name in wanted for k in scan3d(self.folder, name, self.size).numbers(self.count, ill)]

    def __len__(self) -> int:
        return len(self.slices)

    def __getitem__(self, index: int) -> Scan:
        """The scan of one slice; raises DataError where the folder lacks its file."""
        name, number = self.slices[index]
        x, own = (torch.from_numpy(part) for part in scan3d(self.folder, name, self.size).slice(number))
        label = f"{name}{'-' if self.apart else '/'}{number:03d}"
        if self.lesions == "own":
            return scan_of(label, x, own, None)
        return drawn(label, x, self.looks if self.lesions == "drawn" else "none", number)
