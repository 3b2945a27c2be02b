"""Moving heads: held-out heads that move while they are measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Le

from mridiff.interfaces import Dataset, Scan
from mridiff_sdk.held_out import data_folder, image, numbers

from .held_out import Count, Folder, Subjects, chosen
from .moving import Movement

__all__ = ["MovingHeads"]

Source = Annotated[Literal["t2", "t1", "t2-clinical", "flair", "heart"], "as of `held-out-heads`; those measured with coils are too small"]
Size = Annotated[int, Ge(16), Le(512), "pixels of each side of the image, even; slices are taken at twice as many, and moved there"]


@dataclass(kw_only=True, eq=False)
class MovingHeads(Movement, Dataset):
    """The slices of `held-out-heads`, named and chosen as there, of objects that move between shots or lines as that of `moving-brain`."""

    path: Folder = field(default=None)
    source: Source = "t2"
    subjects: Subjects = ""
    count: Count = 4
    size: Size = 96
    coils: Annotated[int, Ge(1), Le(64), "number of simulated coils"] = 8

    def __post_init__(self) -> None:
        self.folder = data_folder(self.path)
        self.slices = [(s, n) for s in chosen(self.source, self.subjects) for n in numbers(self.folder, self.source, s, self.count)]

    def __len__(self) -> int:
        return len(self.slices)

    def __getitem__(self, index: int) -> Scan:
        """The scan of one slice; raises DataError where the folder lacks its file, or the slice is smaller than asked for."""
        subject, number = self.slices[index]
        return self.scan(image(self.folder, self.source, subject, number, 2 * self.size), f"{subject}/{number:03d}")
