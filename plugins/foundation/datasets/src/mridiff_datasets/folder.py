"""Folder: scans of several formats side by side, every file read by the dataset that fits it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from mridiff.errors import DataError, MridiffError
from mridiff.interfaces import Dataset, Scan, reader_of

from . import options
from .arrays import Arrays
from .fastmri import FastMRI
from .files import SUFFIXES, Entry, dangling, refuse_all, refuse_foreign, stem, unique
from .foreign import foreign, stands_beside
from .ismrmrd import ISMRMRD
from .nifti import Axis, NIfTI
from .reader import Reader

__all__ = ["Folder"]

READERS: dict[str, type[Reader]] = {"fastmri": FastMRI, "ismrmrd": ISMRMRD, "nifti": NIfTI, "arrays": Arrays}
IMAGES = ("coils", "coil_seed", "phase")
OWN = {"arrays": IMAGES, "nifti": (*IMAGES, "axis")}
"""The options that one format has and others have not."""


class Folder(Dataset):
    """The scans of all files of a folder, of any format that this package reads; those of a file are as its own dataset gives them.

    A file that no dataset reads is a scan that raises what each of them says of it. Folders inside are not entered.
    """

    def __init__(
        self,
        path: options.FilePath,
        *,
        acceleration: options.Acceleration = 1.0,
        pattern: options.Pattern = "random",
        center_fraction: options.CenterFraction = 0.08,
        mask_seed: options.MaskSeed = 0,
        maps: options.Maps = "auto",
        noise_std: options.NoiseStd = 0.0,
        slices: options.Slices = "",
        coils: options.Coils = 8,
        coil_seed: options.CoilSeed = 0,
        phase: options.Phase = 0.0,
        axis: Axis = 2,
    ) -> None:
        shared = {"acceleration": acceleration, "pattern": pattern, "center_fraction": center_fraction, "mask_seed": mask_seed,
                  "maps": maps, "noise_std": noise_std, "slices": slices}  # fmt: skip
        own = {"coils": coils, "coil_seed": coil_seed, "phase": phase, "axis": axis}
        self.scans: list[tuple[Reader | None, Entry]] = []
        for file, name in unique(_files(Path(path))).items():
            try:
                reader = _open(file, shared, own)
            except MridiffError as error:
                self.scans.append((None, Entry(file, 0, name, error)))
            else:
                self.scans += [(reader, replace(e, id=name + e.id[len(stem(file)) :])) for e in reader.entries]
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

    @classmethod
    def can_read(cls, path: Path) -> bool:
        """Whether this is a folder with files that a reader of this package is for, or that are scans in a format that is not read."""
        with suppress(MridiffError, OSError):
            return path.is_dir() and any(f.name.endswith(SUFFIXES) or (not dangling(f) and foreign(f)) for f in _files(path))
        return False


def _files(path: Path) -> list[Path]:
    """The files of a folder but those that merely lie beside scans, sorted; raises DataError if there is none."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f"{path} does not exist", hint="Check the spelling; relative paths start at the current folder.")
    files = [f for f in sorted(path.iterdir()) if dangling(f) or (f.is_file() and not stands_beside(f))]
    if not files:
        raise DataError(f"{path} holds no scan", hint="Folders inside it are not entered; name one of them, or a file.")
    return files


def _open(file: Path, shared: Mapping[str, Any], own: Mapping[str, Any]) -> Reader:
    refuse_foreign(file)
    if not file.name.endswith(SUFFIXES):
        raise DataError(f"{file}: its name tells no format ({', '.join(SUFFIXES)})",
                        hint="Name it as what it is; --dataset NAME chooses the dataset of another package for a folder.")  # fmt: skip
    named = {name: reader for name, reader in READERS.items() if file.name.endswith(reader.reads)}
    name = reader_of(file, named)
    chosen: Callable[..., Reader] = READERS[name]
    return chosen(file, **shared, **{option: own[option] for option in OWN.get(name, ())})
