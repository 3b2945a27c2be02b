"""NIfTI images: slices along an anatomical axis, with a simulated acquisition; the geometry of each slice is kept."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from mridiff.errors import DataError, boundary
from mridiff.interfaces import Contents, Geometry
from mridiff_sdk.io import afford_scan

from . import options
from .files import DAMAGED, Entry, numbered, refuse
from .raw import Raw, complex_tensor
from .reader import Reader
from .simulation import Simulation

__all__ = ["NIfTI"]

PIECE = 2**20
Axis = Annotated[int, Ge(0), Le(2), "normal of the slices: 0 = sagittal, 1 = coronal, 2 = axial"]


@dataclass(kw_only=True, eq=False)
class NIfTI(options.Images, Reader):
    """Slices of NIfTI images (magnitude or complex), seen by simulated coils: y has axes (coil, ky, kx), the truth "x" is the image.

    The head stands upright: rows run from superior to inferior (axial: from anterior to posterior), columns from left to right
    (sagittal: from posterior to anterior). Of a series, each volume gives scans of its own. Without `noise_std` there is no noise but
    that of the image. A k-space made of a magnitude image is a simulation, and an easy one: the phase is zero or `phase`.
    """

    reads = (".nii", ".nii.gz")
    letters: ClassVar[Mapping[str, str]] = {"frames": "v"}

    axis: Axis = 2

    def labels(self, path: Path) -> Sequence[str]:
        """One per slice, and volume where there are several."""
        image = opened(path)
        count = image.shape[_file_axis(image, self.axis)[0]]
        volumes = image.shape[3] if len(image.shape) == 4 else 1
        numbered(count * volumes, path)
        return [(f"v{v:03d}-" if volumes > 1 else "") + name for v in range(volumes) for name in numbered(count, path)]

    def raw(self, entry: Entry) -> Raw:
        """One slice, seen by simulated coils."""
        image, geometry = _slice(entry, self.axis, self.coils)
        simulation = Simulation(self.coils, self.coil_seed, self.phase)
        return simulation.raw(f"{entry.path}, slice {entry.index}", complex_tensor(image), geometry=geometry)

    def about(self, entry: Entry) -> Contents:
        """Voxels, volumes, orientation, and what is simulated of them."""
        from nibabel.orientations import aff2axcodes

        image = opened(entry.path)
        normal, orientation = _file_axis(image, self.axis)
        rows, columns = (int(np.flatnonzero(orientation[:, 0] == a)[0]) for a in reversed([a for a in range(3) if a != self.axis]))
        voxel = " x ".join(f"{v:.3g}" for v in image.header.get_zooms()[:3])
        holds = {"image": f"{' x '.join(map(str, image.shape[:3]))} voxels of {voxel} mm, {image.get_data_dtype()}",
                 "volumes": str(image.shape[3] if len(image.shape) == 4 else 1), "file axes": "".join(aff2axcodes(image.affine)),
                 "slices": f"{image.shape[normal]} {('sagittal', 'coronal', 'axial')[self.axis]} (axis = {self.axis})",
                 "k-space": f"none: simulated with {self.coils} coils"}  # fmt: skip
        size = image.shape[rows], image.shape[columns]
        return Contents(str(entry.path), holds, measured=self.acquisition.measured(self.coils, size))

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether the file is a NIfTI image."""
        opened(path)
        return True


def opened(path: Path) -> Any:
    """The image, of which only the header is read; raises DataError naming all that is wrong with it."""
    import nibabel

    with boundary(f"{path}: it cannot be read as NIfTI", "The file may be truncated or of another format."), _quiet():
        image = nibabel.load(path, mmap=False)
        if not isinstance(image, nibabel.Nifti1Image):
            raise DataError(f"{path}: it is a {type(image).__name__}, not a NIfTI image")
        shape, dtype = image.shape, image.header.get_data_dtype()
    problems = []
    if len(shape) not in (3, 4) or min(shape) < 1:
        problems.append(f"image: shape {shape} is neither (i, j, k) nor (i, j, k, volume); store one volume or a series")
    if dtype.kind not in "biufc":
        problems.append(f"image: its values of type {dtype} are not single numbers; store real or complex ones")
    if image.affine is None or not np.isfinite(image.affine).all() or abs(np.linalg.det(image.affine[:3, :3])) < 1e-12:
        problems.append("affine: it does not place the voxels; give a finite matrix with three independent columns")
    refuse(path, problems)
    return image


@lru_cache(maxsize=1000)
def _sound(path: Path, _modified: int) -> None:
    """Reads a compressed file to its end, once: only there it tells damage, and its slices are read one by one."""
    if path.suffix == ".gz":
        with gzip.open(path) as stream:
            while stream.read(PIECE):
                pass


@contextmanager
def _quiet() -> Iterator[None]:
    """The library also logs what it raises; here one error is enough."""
    from nibabel.imageglobals import logger

    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _file_axis(image: Any, axis: int) -> tuple[int, NDArray[Any]]:
    """The axis of the file that runs along an anatomical axis, and the orientation (anatomical axis, direction) of each."""
    from nibabel.orientations import io_orientation

    orientation = io_orientation(image.affine)
    return int(np.flatnonzero(orientation[:, 0] == axis)[0]), orientation


def _slice(entry: Entry, axis: int, coils: int) -> tuple[NDArray[Any], Geometry]:
    """One slice (y, x), upright, with its voxel size (y, x) and its affine from (x, y, slice) to RAS mm."""
    image = opened(entry.path)
    normal, orientation = _file_axis(image, axis)
    volume, k = divmod(entry.index, image.shape[normal])
    flip = orientation[normal, 1] < 0
    where: list[Any] = [slice(None)] * len(image.shape)
    where[normal] = image.shape[normal] - 1 - k if flip else k
    if len(image.shape) == 4:
        where[3] = volume
    afford_scan((coils, *(n for n, w in zip(image.shape, where, strict=True) if w == slice(None))), str(entry.path))
    with boundary(f"{entry.path}: slice {entry.index} cannot be read", DAMAGED):
        _sound(entry.path, entry.path.stat().st_mtime_ns)
        plane = np.asarray(image.dataobj[tuple(where)])
    first, second = (f for f in range(3) if f != normal)
    plane = plane[:: int(orientation[first, 1]), :: int(orientation[second, 1])]
    plane = plane if orientation[first, 0] < orientation[second, 0] else plane.T
    # Now (a, b) in RAS directions with a < b; rows are b downwards, columns a.
    return plane.T[::-1], placed(image, axis, k)


def placed(image: Any, axis: int, k: int) -> Geometry:
    """Voxel size (y, x) and affine, from (x, y, slice) to RAS mm, of slice k along an anatomical axis, upright."""
    from nibabel.orientations import inv_ornt_aff

    _, orientation = _file_axis(image, axis)
    columns, rows = (c for c in range(3) if c != axis)
    place = np.zeros((4, 4))
    place[columns, 0], place[rows, 1], place[axis, 2], place[3, 3] = 1, -1, 1, 1
    place[rows, 3], place[axis, 3] = image.shape[_file_axis(image, rows)[0]] - 1, k
    affine = image.affine @ inv_ornt_aff(orientation, image.shape[:3]) @ place
    width, height = np.sqrt((affine[:3, :2] ** 2).sum(0))
    return Geometry((float(height), float(width)), tuple(tuple(float(v) for v in row) for row in affine))


def upright(image: Any, axis: int) -> tuple[int, int, int]:
    """The sizes (slice, y, x) of a volume that is sliced along an anatomical axis."""
    columns, rows = (c for c in range(3) if c != axis)
    normal, y, x = (int(image.shape[_file_axis(image, a)[0]]) for a in (axis, rows, columns))
    return normal, y, x


def planes(image: Any, axis: int) -> NDArray[np.float32]:
    """All slices of a volume along an anatomical axis, upright, (slice, y, x)."""
    from nibabel import as_closest_canonical

    values = np.asarray(as_closest_canonical(image).dataobj, dtype=np.float32)
    return np.moveaxis(values, axis, 0).transpose(0, 2, 1)[:, ::-1]
