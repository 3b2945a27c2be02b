"""Frames: every plane of an array, as one picture of them all, from which the page shows one at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .planes import COLOUR, PAIRS

Frames = NDArray[np.float32]
"""Real values (frame, row, column), or (frame, row, column, 3) in colour."""

MOST = 2**25
"""Pixels of one file; of more frames than fit, some are left out at regular intervals."""


def frames(array: NDArray[Any], axes: Sequence[str]) -> Frames:
    """All planes of `array` (*axes), magnitude if complex: one frame for each place on the other axes, one axis as a strip."""
    values = np.abs(array) if np.iscomplexobj(array) else np.asarray(array)
    values = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    if values.ndim == 1:
        return np.repeat(values[None, None], max(1, values.size // 4), axis=1)
    shown = _shown(tuple(axes), values.shape)
    rest = [i for i in range(values.ndim) if i not in shown]
    moved = values.transpose(*rest, *shown)
    planes: Frames = moved.reshape(-1, *moved.shape[len(rest) :])
    return planes


def names(axes: Sequence[str], shape: Sequence[int]) -> list[str]:
    """What each frame shows, such as "z 3" or "t 0, z 3"; one empty text for a plane."""
    rest = [i for i in range(len(axes)) if i not in _shown(tuple(axes), tuple(shape))]
    return [", ".join(f"{axes[i]} {n}" for i, n in zip(rest, place, strict=True)) for place in product(*(range(shape[i]) for i in rest))]


def kept(count: int, pixels: int) -> list[int]:
    """Which of so many frames of so many pixels are shown."""
    step = max(1, -(-count * pixels // MOST))
    return list(range(0, count, step))


def save(path: Path, planes: Frames, black: float, white: float) -> None:
    """Write frames as one PNG, 8 bits and lossless, in rows of a nearly square sheet; values beyond black and white are cut."""
    from PIL import Image

    count, height, width = planes.shape[:3]
    columns = min(count, max(1, math.ceil(math.sqrt(count * height / width))))
    rows = -(-count // columns)
    grey = np.zeros((rows * columns, *planes.shape[1:]), np.uint8)
    grey[:count] = np.rint(np.clip((planes - black) * (255 / ((white - black) or 1)), 0, 255))
    sheet = grey.reshape(rows, columns, height, width, -1).swapaxes(1, 2).reshape(rows * height, columns * width, -1)
    Image.fromarray(sheet.squeeze(-1) if sheet.shape[-1] == 1 else sheet).save(path, "PNG", compress_level=4)


def _shown(axes: tuple[str, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of a frame: rows, columns, and channels where these are colours."""
    pair = next((p for p in PAIRS if set(p) <= set(axes)), axes[-2:])
    colour = ("channel",) if set(COLOUR) <= set(axes) and shape[axes.index("channel")] == 3 else ()
    return tuple(axes.index(a) for a in (*pair, *colour))
