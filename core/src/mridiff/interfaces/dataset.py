"""Dataset: scans by index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from ..errors import boundary
from .scan import Scan


class Dataset(ABC):
    """A sequence of scans. Constructor arguments are its configuration; one that reads files takes `path` first."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of scans."""

    @abstractmethod
    def __getitem__(self, index: int) -> Scan:
        """Scan `index`, read when asked for; raises IndexError outside [-len, len)."""

    def __iter__(self) -> Iterator[Scan]:
        return (self[i] for i in range(len(self)))

    @classmethod
    def can_read(cls, path: Path) -> bool:
        """Whether this dataset understands the file; cheap, and False rather than an error for a foreign file."""
        return False


class Guarded(Dataset):
    """A dataset as it is handed out: whatever its reader raises is one error of the family, an IndexError only an index outside."""

    def __init__(self, scans: Dataset, name: str) -> None:
        self.scans, self.name = scans, name

    def __len__(self) -> int:
        return len(self.scans)

    def __getitem__(self, index: int) -> Scan:
        """The scan; raises DataError or UnsafeInput where it cannot be read."""
        place = range(len(self))[index]
        with boundary(f"{self.name}: scan {place} cannot be read"):
            return self.scans[place]
