"""Where to score: inside the object, not in the air around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Field


def head_region(reference: Tensor) -> Tensor:
    """The object as one filled, smooth region, bool (sample, ..., y, x), from the reference (sample, ..., y, x); plane by plane.

    The rule, with s = the smaller side of the plane: blur the magnitude by s/100; threshold at half of Otsu's value, so that dark
    tissue counts; close gaps up to s/25; fill the holes; open by s/50, which cuts thin bridges; keep the largest connected
    part. Raises DataError for a plane without any contrast.
    """
    planes = reference.detach().abs().to("cpu", torch.float64).reshape(-1, *reference.shape[-2:]).numpy()
    found = np.stack([_object(plane) for plane in planes])
    return torch.from_numpy(found).reshape(reference.shape).to(reference.device)


def region_of(reference: Tensor, truth: Mapping[str, Field]) -> Tensor:
    """Where the object is, bool (sample, ..., y, x): `truth["head"]` where there is one, else found in the reference."""
    return truth["head"].data.bool() if "head" in truth else head_region(reference)


def _object(plane: Any) -> Any:
    from scipy import ndimage

    side = min(plane.shape)
    blurred = ndimage.gaussian_filter(plane, side / 100)
    if not np.isfinite(blurred).all() or blurred.max() <= blurred.min():
        raise DataError("a plane without contrast, or with non-finite values, has no object region")
    inside = blurred > 0.5 * otsu(blurred)
    closing, opening = max(1, round(side / 25)), max(1, round(side / 50))
    # padding keeps an object that touches the border from being worn off there
    inside = np.pad(inside, closing)
    inside = ndimage.binary_closing(inside, _ball(closing))
    inside = ndimage.binary_fill_holes(inside)[closing:-closing, closing:-closing]
    inside = np.pad(inside, opening, mode="edge")
    inside = ndimage.binary_opening(inside, _ball(opening))[opening:-opening, opening:-opening]
    labels, count = ndimage.label(inside)
    if count == 0:
        raise DataError("no object was found in a plane of the reference", hint="score without a region")
    return labels == 1 + np.bincount(labels.flatten())[1:].argmax()


def otsu(values: Any) -> float:
    """The threshold that best parts a histogram of 256 bins in two classes (Otsu, IEEE Trans. SMC 9, 1979)."""
    counts, edges = np.histogram(values, bins=256)
    middle = (edges[1:] + edges[:-1]) / 2
    below = counts.cumsum()
    above = counts.sum() - below
    mass = (counts * middle).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (mass / below - (mass[-1] - mass) / above) ** 2
    return float(middle[np.nan_to_num(between).argmax()])


def _ball(radius: int) -> Any:
    r = np.arange(-radius, radius + 1)
    return r[:, None] ** 2 + r**2 <= radius**2
