"""DICOM series as reference images: slices in their order, with a simulated acquisition; the geometry of each is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mridiff.errors import DataError, MridiffError
from mridiff.interfaces import Contents
from mridiff_sdk.io import afford, afford_scan

from . import options
from .files import Entry, dangling, find, numbered, refuse_all, select
from .foreign import is_dicom
from .raw import Raw, complex_tensor
from .reader import Reader
from .series import Image, images, library, stacks
from .simulation import Simulation

__all__ = ["DICOM"]


@dataclass(kw_only=True, eq=False)
class DICOM(options.Images, Reader):
    """Slices of DICOM series, magnitudes, seen by simulated coils: y has axes (coil, ky, kx), the truth "x" is the image.

    Of a folder, the files are sorted into volumes by series, plane, echo and place; ids are `004-t1_mprage-s012`, by the number and the
    description of the series. `slices` chooses among those of each volume. Rows and columns are as they are stored. Phase images are
    left out. A k-space made of a magnitude image is a simulation, and an easy one: the phase is zero or `phase`.
    """

    reads = (".dcm", ".ima")
    whole = True

    def __post_init__(self) -> None:
        super().__post_init__()
        errors = [e.error for e in self.entries if e.error is not None]
        if len(errors) == len(self.entries):
            refuse_all(errors or [DataError(f"{self.path}: it holds no DICOM image of magnitudes", hint="Phase images are no references.")])

    def found(self) -> list[Entry]:
        """One entry per slice of every volume, in order, and one for each file that cannot be read."""
        entries: list[Entry] = []
        for name, volume in self.volumes.items():
            labels = numbered(len(volume), self.path)
            for i in select(self.slices, len(volume), f"{self.path}, {name}"):
                entries.append(Entry(volume[i].path, volume[i].frame, f"{name}-{labels[i]}" if len(volume) > 1 else name, volume=name))
        return entries + [Entry(path, 0, path.name.replace(".", "-"), error) for path, error in self._read[1].items()]

    @cached_property
    def volumes(self) -> dict[str, list[Image]]:
        """The magnitude images of each volume, by its name."""
        return stacks([i for i in self._read[0] if not i.phase])

    @cached_property
    def _read(self) -> tuple[list[Image], dict[Path, MridiffError]]:
        """All images by their headers, and why a file has none."""
        held: list[Image] = []
        errors: dict[Path, MridiffError] = {}
        files = find(self.path, ("",))
        if Path(self.path).is_dir():
            files = [f for f in files if not dangling(f) and (is_dicom(f) or f.name.endswith(self.reads))]
        for path in files:
            try:
                held += images(path)
            except MridiffError as error:
                errors[path] = error
        return held, errors

    def labels(self, path: Path) -> Sequence[str]:
        """One per frame."""
        return numbered(len(images(path)), path)

    def raw(self, entry: Entry) -> Raw:
        """One slice, seen by simulated coils."""
        image = images(entry.path)[entry.index]
        left = sum(i.phase for i in self._read[0])
        notes = (f"{left} phase images are left out",) if left else ()
        simulation = Simulation(self.coils, self.coil_seed, self.phase)
        made = simulation.raw(f"{entry.path}, frame {entry.index}", complex_tensor(_pixels(image, self.coils)), geometry=image.geometry())
        return Raw(**{**vars(made), "notes": notes})

    def contents(self) -> list[Contents]:
        """What each volume holds, and why a file cannot be read."""
        chosen = [e.volume for e in self.entries]
        phases = stacks([i for i in self._read[0] if i.phase])
        said = tuple(f"{len(v)} phase images of {name}: only magnitudes are references" for name, v in phases.items())
        told = [self._told(name, v, chosen.count(name), said) for name, v in self.volumes.items()]
        return told + [Contents(str(p), {}, left_out=(e.message,)) for p, e in self._read[1].items()]

    def _told(self, name: str, volume: list[Image], scans: int, said: tuple[str, ...]) -> Contents:
        (ny, nx), (dy, dx) = volume[0].size, volume[0].spacing
        places = [i.along for i in volume]
        apart = f", {np.median(np.diff(places)):.3g} mm apart" if len(volume) > 1 and volume[0].position else ""
        holds = {"format": "DICOM", "volume": name, "slices": f"{len(volume)}{apart}",
                 "image": f"(y, x) = {(ny, nx)}, {dy:.3g} x {dx:.3g} mm",
                 "place": "known" if volume[0].position else "not told", "k-space": f"none: simulated with {self.coils} coils"}  # fmt: skip
        return Contents(str(self.path), holds, scans, self.acquisition.measured(self.coils, (ny, nx)), said)

    def about(self, entry: Entry) -> Contents:
        """The volume of an entry."""
        return self._told(entry.volume, self.volumes[entry.volume], 1, ())

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether the file has the mark of DICOM."""
        return is_dicom(path)

    @classmethod
    def can_read(cls, path: Path) -> bool:
        """Whether the file is a DICOM file, whatever its name."""
        try:
            return path.is_file() and is_dicom(path)
        except OSError:
            return False


def _pixels(image: Image, coils: int) -> NDArray[Any]:
    """The values of an image (y, x) in the unit of its header."""
    afford_scan((coils, *image.size), str(image.path))
    with library(image.path) as pydicom:
        afford(image.path.stat().st_size, f"{image.path}: reading the file")
        values = pydicom.pixels.pixel_array(image.path, index=image.frame)
        if values.shape != image.size:
            raise DataError(f"{image.path}: its pixels have shape {values.shape}, the header says {image.size}")
        return np.asarray(values * image.slope + image.intercept, dtype=np.float32)
