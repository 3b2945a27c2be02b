"""Detail: the part of a picture that is worth a closer look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .planes import Picture
from .window import window_of


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels."""

    top: int
    left: int
    height: int
    width: int

    def of(self, picture: Picture) -> Picture:
        """The part of `picture` inside."""
        return picture[self.top : self.top + self.height, self.left : self.left + self.width]


def busiest(picture: Picture, zoom: int) -> Box:
    """The box of 1/zoom of the picture's height and width with the most structure, clear of the empty gaps of a mosaic.

    Structure is the gradient of the compressed, lightly smoothed magnitude, cut at its 90th percentile: tissue counts as
    much as bright fat, many fine edges more than one strong one, and noise little. The middle counts up to twice as much
    as a corner, since what is looked for is rarely at the rim.
    """
    from scipy.ndimage import gaussian_filter

    height, width = (max(1, n // zoom) for n in picture.shape)
    filled = np.nan_to_num(picture, nan=0.0, posinf=0.0, neginf=0.0)
    smooth = gaussian_filter(np.sqrt(np.minimum(np.abs(filled), window_of(picture).high)), 1.0)
    rows, columns = (np.gradient(smooth, axis=i) if n > 1 else np.zeros_like(smooth) for i, n in enumerate(picture.shape))
    slope = np.hypot(rows, columns)
    inside = slope[slope > 0]
    slope = np.minimum(slope, np.percentile(inside, 90)) if inside.size else slope
    structure = _sums(slope, height, width)
    down, across = (np.sqrt(np.cos(np.linspace(-np.pi / 3, np.pi / 3, n) if n > 1 else np.zeros(1))) for n in structure.shape)
    structure *= down[:, None] * across
    structure[_sums(np.isnan(picture).astype(float), height, width) > 0.5] = -1.0
    best = np.unravel_index(int(np.argmax(structure)), structure.shape)
    return Box(int(best[0]), int(best[1]), height, width)


def _sums(values: Picture, height: int, width: int) -> Picture:
    """Sums over all boxes of one size that fit in, by the box's top left corner."""
    total = np.pad(values, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    result: Picture = total[height:, width:] - total[:-height, width:] - total[height:, :-width] + total[:-height, :-width]
    return result
