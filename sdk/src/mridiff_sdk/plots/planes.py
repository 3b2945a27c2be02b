"""Planes: from an array of any axes to the one real picture that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mridiff.errors import DataError

Picture = NDArray[np.float64]
"""A real picture (row, column), or (row, column, 3) in colour; NaN where there is nothing to show."""

_SPATIAL = ("z", "y", "x")
PAIRS = (("y", "x"), ("ky", "kx"))
COLOUR = ("channel", "y", "x")


def flatten(array: NDArray[Any], axes: tuple[str, ...], voxel_size: Sequence[float] | None = None) -> Picture:
    """The picture of `array` (*axes): magnitude if complex, the middle of every axis that is not shown.

    Two axes are shown as they are. Volumes become one picture of their three middle planes: (z, x) and (z, y) on top, z
    rising, (y, x) below. Modalities stand side by side. One axis becomes a strip, three channels of a plane a picture in
    colour. `voxel_size`, in mm for each of z, y, x that is among `axes` and in their order, makes pixels square. Raises
    DataError where array, axes and voxel size do not go together.
    """
    values = np.asarray(array)
    values = (np.abs(values) if np.iscomplexobj(values) else values).astype(np.float64)
    spatial = [a for a in axes if a in _SPATIAL]
    if values.ndim != len(axes) or not values.size or (voxel_size is not None and len(voxel_size) != len(spatial)):
        raise DataError(f"cannot draw an array of shape {values.shape} with axes ({', '.join(axes)}) and voxel size {voxel_size}",
                        hint="Name every axis of the array, leave the sample axis away, and give one size per spatial axis.")  # fmt: skip
    if axes == COLOUR and len(values) == 3:
        return np.moveaxis(values, 0, -1)
    if "modality" in axes:
        rest, where = tuple(a for a in axes if a != "modality"), axes.index("modality")
        return _mosaic([[flatten(values.take(i, where), rest, voxel_size) for i in range(values.shape[where])]])
    if values.ndim == 1:
        return np.repeat(values[None], max(1, values.size // 4), axis=0)
    size = dict(zip(spatial, voxel_size, strict=True)) if voxel_size is not None else {}
    if set(_SPATIAL) <= set(axes) and values.shape[axes.index("z")] > 1:
        coronal, sagittal, axial = (_plane(values, axes, pair, size) for pair in (("z", "x"), ("z", "y"), ("y", "x")))
        return _mosaic([[coronal[::-1], sagittal[::-1]], [axial]])
    pair = next((p for p in PAIRS if set(p) <= set(axes)), (axes[-2], axes[-1]))
    return _plane(values, axes, pair, size)


def _plane(values: Picture, axes: tuple[str, ...], pair: tuple[str, str], size: dict[str, float]) -> Picture:
    """The middle plane with axes `pair`, resampled to square pixels of the smaller of its two voxel sizes."""
    from scipy.ndimage import zoom

    index = tuple(slice(None) if a in pair else n // 2 for a, n in zip(axes, values.shape, strict=True))
    plane = values[index]
    if axes.index(pair[0]) > axes.index(pair[1]):
        plane = plane.T
    smallest = min(size.values(), default=1.0)
    factors = [size.get(a, smallest) / smallest for a in pair]
    if np.allclose(factors, 1, atol=0.01):
        return plane
    resampled: Picture = zoom(plane, factors, order=1, grid_mode=True, mode="nearest")
    return resampled


def _mosaic(rows: list[list[Picture]]) -> Picture:
    """Pictures in rows, centred in their cells, parted by a gap; NaN between them."""
    gap = max(2, max(p.shape[0] for row in rows for p in row) // 40)
    columns = max(map(len, rows))
    widths = [max(row[i].shape[1] for row in rows if i < len(row)) for i in range(columns)]
    heights = [max(p.shape[0] for p in row) for row in rows]
    sheet = np.full((sum(heights) + gap * (len(rows) - 1), sum(widths) + gap * (columns - 1)), np.nan)
    for i, row in enumerate(rows):
        for j, p in enumerate(row):
            top = sum(heights[:i]) + gap * i + (heights[i] - p.shape[0]) // 2
            left = sum(widths[:j]) + gap * j + (widths[j] - p.shape[1]) // 2
            sheet[top : top + p.shape[0], left : left + p.shape[1]] = p
    return sheet
