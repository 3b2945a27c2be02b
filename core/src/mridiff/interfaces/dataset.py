"""Dataset: scans by index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DataError, MridiffError, boundary
from .scan import Scan


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds, told by its headers: `holds` in words by subject, `left_out` in sentences that say why.

    `scans` is how many are read of it. `measured` has the axes with their sizes, in order, of "y" (of blocks "y0", "y1" ..) and all else
    that its first scan holds ({"y": {"coil": 8, "ky": 256, "kx": 256}, "mask": {"ky": 256, "kx": 256}}); empty where none is read.
    """

    source: str
    holds: Mapping[str, str]
    scans: int = 0
    measured: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


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

    def contents(self) -> Sequence[Contents]:
        """What its files hold, one each, without reading a scan; none for a dataset that needs no file. Raises DataError as a scan does."""
        return ()

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

    def contents(self) -> Sequence[Contents]:
        """What its files hold; raises DataError or UnsafeInput where that cannot be told."""
        with boundary(f"{self.name}: its contents cannot be told"):
            return self.scans.contents()


def reader_of(path: Path, readers: Mapping[str, Any]) -> str:
    """The name of the dataset class that reads a file, or a folder; raises DataError with what each of them says against it."""
    takers = [name for name, reader in readers.items() if reader.can_read(path)]
    if not takers and path.is_dir():
        takers = [name for name, reader in readers.items() if any(map(reader.can_read, path.iterdir()))]
    if len(takers) == 1:
        return takers[0]
    if takers:
        raise DataError(f"{path} could be read by {', '.join(takers)}", hint="Choose with --dataset NAME.")
    said: dict[str, tuple[MridiffError, list[str]]] = {}
    for name, reader in readers.items():
        try:
            reader(path=path)
        except MridiffError as error:
            said.setdefault(error.message, (error, []))[1].append(name)
    if len(said) == 1:
        raise next(iter(said.values()))[0]
    reasons = "".join(f"\n  {', '.join(names)}: {message.removeprefix(f'{path}: ')}" for message, (_, names) in said.items())
    hint = next((error.hint for error, names in said.values() if len(names) > 1), "`mridiff list datasets` shows what is read.")
    raise DataError(f"{path}: no dataset reads it{reasons}", hint=hint)
