"""Contrast of a lesion: how much of it an estimate shows."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .magnitudes import magnitudes, mean_over

GAP, RING = 2, 3
"""Pixels between a lesion and what counts as its surroundings, and the width of these."""


def contrast(x: Tensor, region: Tensor) -> Tensor:
    """The mean of real x (sample, ..., y, x) inside a region, bool in its shape, less that in a ring around it, per sample.

    The ring lies in the planes, begins `GAP` pixels outside the region and is `RING` wide, so that blurred edges belong to neither.
    Raises DataError for an empty region.
    """
    region = region.expand_as(x)
    around = dilated(region, GAP + RING) & ~dilated(region, GAP)
    return mean_over(x, region) - mean_over(x, around)


def contrast_recovery(estimate: Tensor, reference: Tensor, region: Tensor) -> Tensor:
    """Contrast of an estimate over that of the reference, of magnitudes where complex, (sample,); 1 is all of the lesion, 0 none of it."""
    x, truth = magnitudes(estimate, reference)
    return contrast(x, region) / contrast(truth, region)


def dilated(region: Tensor, pixels: int) -> Tensor:
    """A region (sample, ..., y, x), bool, enlarged by some pixels in each direction of its planes."""
    planes = region.to(torch.float32).reshape(-1, 1, *region.shape[-2:])
    grown: Tensor = functional.max_pool2d(planes, 2 * pixels + 1, stride=1, padding=pixels) > 0
    return grown.reshape(region.shape)
