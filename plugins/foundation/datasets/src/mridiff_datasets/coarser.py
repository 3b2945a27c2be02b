"""Coarser: images brought to fewer pixels over the same field of view, and where these lie."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from mridiff.interfaces import Geometry


def within(size: tuple[int, int], most: int) -> tuple[int, int]:
    """The sizes (y, x) of a plane whose longer side is brought to `most` pixels; as it is where that is 0, or more than it has."""
    factor = max(1.0, max(size) / most) if most else 1.0
    return round(size[0] / factor), round(size[1] / factor)


def averaged(images: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Images (..., y, x) on fewer pixels, each the weighted mean of those about it, so that nothing becomes negative."""
    if images.shape[-2:] == size:
        return images
    flat = torch.from_numpy(np.ascontiguousarray(images)).flatten(0, -3)[None]
    found = torch.nn.functional.interpolate(flat, size, mode="bilinear", antialias=True)[0]
    return np.asarray(found.reshape(*images.shape[:-2], *size).numpy())


def moved(geometry: Geometry, old: tuple[int, int], new: tuple[int, int]) -> Geometry:
    """The place of a plane of `old` sizes (y, x) after that."""
    y, x = (a / b for a, b in zip(old, new, strict=True))
    voxel = geometry.voxel_size[0] * y, geometry.voxel_size[1] * x
    if geometry.affine is None:
        return Geometry(voxel)
    step = np.diag([x, y, 1.0, 1.0])
    step[:2, 3] = (x - 1) / 2, (y - 1) / 2
    return Geometry(voxel, tuple(tuple(float(v) for v in row) for row in np.asarray(geometry.affine) @ step))
