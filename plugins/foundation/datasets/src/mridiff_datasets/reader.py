"""Reader: what the datasets of all file formats share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from mridiff.errors import MridiffError, boundary
from mridiff.interfaces import Contents, Dataset, Scan

from .acquisition import Acquisition
from .files import DAMAGED, Entry, entries, find
from .frames import Frames, together
from .offgrid import OffGrid
from .options import Files
from .raw import Raw


@dataclass(kw_only=True, eq=False)
class Reader(Files, Dataset):
    """The scans of files of one format, which says what it reads, how it names the scans of a file, and how it reads one.

    A path may be a file, or a folder of which every file that ends in `reads` is taken. There, a file that cannot be read is a scan that
    raises why; the others go on. One that reads folders as a `whole` sorts the scans of all of its files together. `letters` say which
    counter of a label is which option `series`.
    """

    reads: ClassVar[tuple[str, ...]]
    whole: ClassVar[bool] = False
    letters: ClassVar[Mapping[str, str]] = {"frames": "p", "repetitions": "r", "echoes": "e"}

    def __post_init__(self) -> None:
        self.acquisition = Acquisition.of(self)
        found = self.found()
        self.entries = together(found, self.letters.get(self.series, ""), f"{self.path}: series = {self.series}") if self.series else found

    def found(self) -> list[Entry]:
        """The chosen scans of all files."""
        return entries(find(self.path, self.reads), self.labels, self.slices)

    @abstractmethod
    def labels(self, path: Path) -> Sequence[str]:
        """Names of all scans of a file, in their order; raises DataError or UnsafeInput that says all that is wrong with the file."""

    @abstractmethod
    def raw(self, entry: Entry) -> Raw | OffGrid:
        """One scan as stored; raises DataError or UnsafeInput."""

    @abstractmethod
    def about(self, entry: Entry) -> Contents:
        """What the file of an entry holds, by its headers, and what is measured in its scan; raises DataError or UnsafeInput."""

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Scan:
        """Scan `index` of all files; raises DataError or UnsafeInput where it is unusable."""
        return self.scan(self.entries[index])

    def scan(self, entry: Entry) -> Scan:
        """The scan of an entry, under the name that it has there."""
        if entry.error is not None:
            raise entry.error
        with boundary(f"{entry.path}: {entry.id} cannot be read", DAMAGED):
            if isinstance(entry, Frames):
                return entry.scan(self.acquisition, self.raw)
            return replace(self.acquisition.scan(self.raw(entry), entry.id), volume=entry.volume)

    def contents(self) -> list[Contents]:
        """What each file holds, or why it cannot be read."""
        files: dict[Path, list[Entry]] = {}
        for entry in self.entries:
            files.setdefault(entry.path, []).append(entry)
        return [self._contents(held) for held in files.values()]

    def _contents(self, held: list[Entry]) -> Contents:
        """Of the file of some entries."""
        first = held[0]
        if first.error is not None:
            return refused(first)
        with boundary(f"{first.path}: it cannot be read", DAMAGED):
            found = self.about(first)
        named = {"format": type(self).__name__, **found.holds, **self._several(held)}
        measured = first.measured(found.measured) if isinstance(first, Frames) else found.measured
        return replace(found, holds=named, scans=len(held), measured=measured)

    def _several(self, held: Sequence[Entry]) -> dict[str, str]:
        """What of the scans of a file could be one with an axis t."""
        counted = {option: len({c for e in held for c in e.counters if c[:1] == letter}) for option, letter in self.letters.items()}
        ways = [f"{n} {option} by --set dataset.options.series={option}" for option, n in counted.items() if n > 1]
        return {"as one scan": "; ".join(ways)} if ways else {}

    @classmethod
    def can_read(cls, path: Path) -> bool:
        """Whether the file is one of this format, by its name and its content."""
        if not path.name.endswith(cls.reads) or not path.is_file():
            return False
        with suppress(MridiffError), boundary("it cannot be read"):
            return cls.claims(path)
        return False

    @classmethod
    @abstractmethod
    def claims(cls, path: Path) -> bool:
        """Whether the content of a file is of this format; may raise DataError or UnsafeInput."""


def refused(entry: Entry) -> Contents:
    """The contents of a file that cannot be read: why."""
    assert entry.error is not None
    return Contents(str(entry.path), {}, left_out=(entry.error.message,))
