"""Volumes: slices that were reconstructed one by one, written as the volume that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mridiff.errors import DataError
from mridiff.interfaces import Geometry
from mridiff_sdk.io import afford, open_hdf5

from .nifti_writer import write_nifti

EVEN = 0.02
"""Part of the distance of slices by which their places may differ from even ones; headers round them."""


@dataclass(frozen=True)
class Slice:
    """One reconstructed slice: its file, the axes of its image, and its affine where that is known."""

    file: Path
    axes: tuple[str, ...]
    affine: NDArray[np.float64] | None
    shape: tuple[int, ...]

    def image(self) -> NDArray[Any]:
        """The image."""
        with open_hdf5(self.file) as file:
            return file.read("reconstruction")


def slices(files: Iterable[Path], alone: bool = False) -> dict[str, list[Slice]]:
    """The slices that `reconstruction.h5` files hold, by the volume that they belong to; those of none are left out, or stand `alone`."""
    found: dict[str, list[Slice]] = {}
    for path in files:
        with open_hdf5(path) as file:
            told, shape = file.attributes(), file.shape("reconstruction")
        name, axes = str(told.get("volume", "")), tuple(str(a) for a in told["axes"])
        affine = np.asarray(told["affine"]) if "affine" in told else None
        if name or alone:
            found.setdefault(name or path.parent.name, []).append(Slice(path, axes, affine, shape))
    return found


def write_volumes(folder: Path, files: Iterable[Path], mark: str = ".partial-") -> list[str]:
    """Writes `NAME.nii.gz` for every volume of which several slices are there, `NAME.npy` (slice, y, x) where their place is not known.

    Each is whole or absent; `mark` begins the names of what is half-written. Returns what is odd, in sentences: slices that are missing
    (zero in the volume), or that make no volume.
    """
    notes = []
    for name, held in slices(files).items():
        if len(held) < 2 or held[0].axes != ("y", "x"):
            continue
        try:
            notes += _write(folder / name, held, mark)
        except DataError as error:
            notes.append(f"{name} is not written as one volume: {error.message}")
    return notes


def _write(path: Path, held: list[Slice], mark: str) -> list[str]:
    shapes = {s.shape for s in held}
    if len(shapes) > 1:
        raise DataError(f"its slices have different sizes: {sorted(shapes)}")
    afford(len(held) * int(np.prod(next(iter(shapes)))) * 12, f"{path}: {len(held)} slices")
    if any(s.affine is None for s in held):
        with _whole(path.with_name(f"{path.name}.npy"), mark) as temporary:
            np.save(temporary, np.stack([s.image() for s in held]))
        return []
    places, affine = order(held)
    volume = np.zeros((max(places) + 1, *next(iter(shapes))), dtype=np.float32)
    for place, one in zip(places, held, strict=True):
        image = one.image()
        volume[place] = np.abs(image) if np.iscomplexobj(image) else image
    geometry = Geometry((), tuple(tuple(float(v) for v in row) for row in affine))
    with _whole(path.with_name(f"{path.name}.nii.gz"), mark) as temporary:
        write_nifti(temporary, volume, ("z", "y", "x"), geometry)
    missing = len(volume) - len(held)
    return [f"{path.name}.nii.gz: {missing} of {len(volume)} slices are missing and zero"] if missing else []


@contextmanager
def _whole(path: Path, mark: str) -> Iterator[Path]:
    """A temporary path beside `path`, whose file takes its place when the block ends well."""
    temporary = path.with_name(mark + path.name)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def order(held: list[Slice]) -> tuple[list[int], NDArray[np.float64]]:
    """The place of each slice in its volume, and the affine of the volume; raises DataError where they make none."""
    affines = np.stack([s.affine for s in held if s.affine is not None])
    planes, corners = affines[:, :3, :2], affines[:, :3, 3]
    if np.abs(planes - planes[0]).max() > EVEN * np.abs(planes[0]).max():
        raise DataError("its slices lie in planes that are not parallel")
    normal = np.cross(planes[0, :, 0], planes[0, :, 1])
    normal /= np.linalg.norm(normal)
    along = corners @ normal
    if np.dot(normal, affines[0, :3, 2]) < 0:
        normal, along = -normal, -along
    sides = np.sort(along)
    step = float(np.diff(sides).min())
    places = (along - sides[0]) / step if step > 0 else along
    if step <= 0 or np.abs(places - places.round()).max() > EVEN * max(1.0, float(places.max()) / 10) or places.max() >= 10 * len(held):
        raise DataError(f"its slices are not evenly spaced; they lie at {np.round(sides, 2).tolist()[:20]} mm")
    first, last = int(places.argmin()), int(places.argmax())
    affine = affines[first].copy()
    affine[:3, 2] = (corners[last] - corners[first]) / places[last]
    return [int(p) for p in places.round()], affine
