"""Slices: cut an image out of a head along a tilted, warped plane, at a resolution drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import scipy.ndimage as ndi

from .anatomy import Source

Array = npt.NDArray[np.float32]
Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]

IN_PLANE = {2: (1, 0), 1: (2, 0), 0: (2, 1)}
"""Normal axis of a slice -> its (row, column) axes: axial, coronal, sagittal in canonical orientation."""


def smooth_field(rng: np.random.Generator, size: int, knots: int) -> Array:
    """A smooth random image (y, x) of about unit standard deviation, from `knots` x `knots` normal numbers."""
    coarse = rng.standard_normal((knots + 3, knots + 3))
    at = 1 + np.linspace(0, knots - 1e-6, size) + rng.random() * 0.5
    grid = np.meshgrid(at, at, indexing="ij")
    field = ndi.map_coordinates(coarse, grid, order=3, mode="nearest")
    return np.asarray(field / 0.7, dtype=np.float32)


class Head(Protocol):
    """A head (x, y, z) in closest canonical orientation: measured, or drawn from a map of its tissues."""

    @property
    def source(self) -> Source:
        """Where it comes from."""
        ...

    @property
    def voxel_mm(self) -> tuple[float, float, float]:
        """Size of a voxel in mm."""
        ...

    @property
    def extent(self) -> Box:
        """First and last voxel of the head along each axis."""
        ...

    def at(self, voxel: npt.NDArray[np.float64], rng: np.random.Generator) -> Array:
        """Intensities (y, x) at the places (3, y, x), in voxels, in units of white matter."""
        ...


@dataclass(frozen=True)
class Plane:
    """Where a slice lies: pixel size in mm, normal axis, centre in voxels, matrix from pixels in mm to voxel axes in mm."""

    pixel_mm: float
    normal: int
    centre: npt.NDArray[np.float64]
    matrix: npt.NDArray[np.float64]


def draw_plane(head: Head, rng: np.random.Generator, size: int) -> Plane:
    """A random plane through the head; anisotropic volumes are cut along their slices only."""
    normal = 2 if head.source.axial_only else int(rng.integers(3))
    low, high = (0.7, 1.5) if rng.random() < 0.85 else (1.5, 2.3)
    pixel = max(float(np.exp(rng.uniform(np.log(low), np.log(high)))), head.source.finest_mm * float(rng.uniform(1, 1.1)))
    centre = np.zeros(3)
    for axis in range(3):
        first, last = head.extent[axis]
        middle, half = (first + last) / 2, (last - first) / 2
        if axis == normal:
            centre[axis] = middle + half * rng.uniform(-0.85, 0.85)
        else:  # a field of view smaller than the head wanders over it, a larger one stays near the middle
            spare = max(half * head.voxel_mm[axis] - 0.35 * size * pixel, 8.0) / head.voxel_mm[axis]
            centre[axis] = middle + spare * rng.uniform(-1, 1)
    if head.source.axial_only:
        centre[normal] = np.round(centre[normal])
    tilt = np.deg2rad(rng.normal(0, 7, 3)) * (0 if head.source.axial_only else 1)
    tilt[normal] = np.deg2rad(rng.uniform(-25, 25))
    matrix = _rotation(tilt) @ np.diag(rng.uniform(0.88, 1.14, 3))
    return Plane(pixel, normal, centre, matrix)


def _rotation(angles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    out = np.eye(3)
    for axis, angle in enumerate(angles):
        i, j = [k for k in range(3) if k != axis]
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        out = out @ turn
    return out


def cut(head: Head, rng: np.random.Generator, size: int) -> tuple[Array, Plane]:
    """A slice (y, x) of `size` pixels in units of white matter, warped smoothly by a few millimetres, and its plane."""
    plane = draw_plane(head, rng, size)
    row, column = IN_PLANE[plane.normal]
    at = (np.arange(size) - (size - 1) / 2) * plane.pixel_mm
    mm = np.zeros((3, size, size))
    mm[row], mm[column] = np.meshgrid(at, at, indexing="ij")
    knots = max(2, round(size * plane.pixel_mm / rng.uniform(35, 70)))
    strength = rng.uniform(0, 4.0)
    for axis in range(3):
        if axis != plane.normal or not head.source.axial_only:
            mm[axis] += strength * smooth_field(rng, size, knots)
    voxel = np.tensordot(plane.matrix, mm, axes=1) / np.asarray(head.voxel_mm)[:, None, None] + plane.centre[:, None, None]
    return np.maximum(head.at(voxel, rng), 0).astype(np.float32), plane
