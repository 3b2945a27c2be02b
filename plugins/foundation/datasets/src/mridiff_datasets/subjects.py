"""Subjects: drawn people, each by a number of its own."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated

from annotated_types import Ge, Lt

from mridiff.interfaces import Dataset, Scan

Count = Annotated[int, Ge(1), "number of scans"]
First = Annotated[int, Ge(0), "number of the first subject"]
Seed = Annotated[int, Ge(0), Lt(2**63), "seed of all subjects"]


class Subjects(Dataset):
    """As many scans as there are `subjects`; scan i is of subject `first` + i."""

    subjects: int
    first: int

    def __len__(self) -> int:
        return self.subjects

    def __getitem__(self, index: int) -> Scan:
        """The scan of one subject."""
        if not -self.subjects <= index < self.subjects:
            raise IndexError(f"there are {self.subjects} scans; there is no index {index}")
        return self.scan(self.first + index % self.subjects)

    @abstractmethod
    def scan(self, subject: int) -> Scan:
        """The scan of the subject of that number."""
