"""Dataset: scans by index; `Acquire` makes scans of images by simulating an acquisition."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .noise import Noise
from .operator import Operator
from .scan import Field, Measured, Scan
from .streams import Streams


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


class Acquire(Dataset):
    """Scans simulated from the truth "x" of other scans: y = B(x) + n. The simulating B need not be the operator that inverts."""

    def __init__(self, images: Dataset | Sequence[Scan], operator: Callable[[Scan], Operator], noise: Noise, seed: int = 0) -> None:
        self.images, self.operator, self.noise, self.seed = images, operator, noise, seed

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Scan:
        """The simulated scan; its acquisition gains the operator's buffers, its truth stays."""
        scan = self.images[index]
        B = self.operator(scan)
        y = self.noise.draw(B(scan.truth["x"].data), Streams.of(self.seed, scan.id).child("noise"))
        measured = Measured(y, self.noise, scan.measured.acquisition, scan.measured.conditions, scan.measured.geometry)
        return Scan(scan.id, measured, dict[str, Field](scan.truth))
