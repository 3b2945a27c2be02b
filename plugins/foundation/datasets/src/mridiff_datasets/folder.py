"""Folder: scans of several formats side by side, every file read by the dataset that fits it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path

from mridiff.errors import DataError, MridiffError
from mridiff.interfaces import Contents, Dataset, Scan, reader_of

from . import options
from .arrays import Arrays
from .dicom import DICOM
from .fastmri import FastMRI
from .files import SUFFIXES, Entry, dangling, missing, refuse_all, refuse_foreign, stem, unique
from .foreign import foreign, is_dicom, stands_beside
from .ismrmrd import ISMRMRD
from .nifti import Axis, NIfTI
from .reader import Reader, refused

__all__ = ["Folder"]

READERS: dict[str, type[Reader]] = {"fastmri": FastMRI, "ismrmrd": ISMRMRD, "nifti": NIfTI, "dicom": DICOM, "arrays": Arrays}


@dataclass(kw_only=True, eq=False)
class Folder(options.Images, options.Ordered, options.Files, Dataset):
    """The scans of all files of a folder, of any format that this package reads; those of a file are as its own dataset gives them.

    A file that no dataset reads is a scan that raises what each of them says of it. Folders inside are not entered.
    """

    axis: Axis = NIfTI.axis

    def __post_init__(self) -> None:
        self.scans: list[tuple[Reader | None, Entry]] = []
        files = _files(Path(self.path))
        for kind in (r for r in READERS.values() if r.whole and Path(self.path).is_dir()):
            if own := [f for f in files if kind.can_read(f)]:
                files = [f for f in files if f not in own]
                try:
                    made = self._made(kind, Path(self.path))
                except MridiffError as error:
                    self.scans.append((None, Entry(own[0], 0, stem(own[0]), error)))
                else:
                    self.scans += [(made, entry) for entry in made.entries]
        for file, name in unique(files).items():
            try:
                reader = self._reader(file)
            except MridiffError as error:
                self.scans.append((None, Entry(file, 0, name, error)))
            else:
                cut = len(stem(file))
                self.scans += [
                    (reader, replace(e, id=name + e.id[cut:], volume=e.volume and name + e.volume[cut:])) for e in reader.entries
                ]
        if all(reader is None for reader, _ in self.scans):
            refuse_all([entry.error for _, entry in self.scans if entry.error is not None])

    def __len__(self) -> int:
        return len(self.scans)

    def __getitem__(self, index: int) -> Scan:
        """Scan `index` of all files; raises DataError or UnsafeInput where it is unusable."""
        reader, entry = self.scans[index]
        if reader is None:
            assert entry.error is not None
            raise entry.error
        return reader.scan(entry)

    def contents(self) -> list[Contents]:
        """What each file holds, or why no dataset reads it."""
        readers = dict.fromkeys(reader for reader, _ in self.scans if reader is not None)
        return [*(c for reader in readers for c in reader.contents()), *(refused(e) for reader, e in self.scans if reader is None)]

    def _reader(self, file: Path) -> Reader:
        refuse_foreign(file)
        if not file.name.endswith(SUFFIXES) and not is_dicom(file):
            raise DataError(f"{file}: its name tells no format ({', '.join(SUFFIXES)})",
                            hint="Name it as what it is; --dataset NAME chooses the dataset of another package for a folder.")  # fmt: skip
        named = {name: reader for name, reader in READERS.items() if file.name.endswith(reader.reads)} or READERS
        return self._made(READERS[reader_of(file, named)], file)

    def _made(self, reader: type[Reader], path: Path) -> Reader:
        return reader(**{f.name: getattr(self, f.name) for f in fields(reader)} | {"path": path})

    @classmethod
    def can_read(cls, path: Path) -> bool:
        """Whether this is a folder with files that a reader of this package is for, or that are scans in a format that is not read."""
        with suppress(MridiffError, OSError):
            return path.is_dir() and any(
                f.name.endswith(SUFFIXES) or (not dangling(f) and (foreign(f) or is_dicom(f))) for f in _files(path)
            )
        return False


def _files(path: Path) -> list[Path]:
    """The files of a folder but those that merely lie beside scans, sorted; raises DataError if there is none."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise missing(path)
    files = [f for f in sorted(path.iterdir()) if dangling(f) or (f.is_file() and not stands_beside(f))]
    if not files:
        raise DataError(f"{path} holds no scan", hint="Folders inside it are not entered; name one of them, or a file.")
    return files
