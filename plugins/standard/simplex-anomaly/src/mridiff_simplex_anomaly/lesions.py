"""Lesions: drawn ones, with an exact mask."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import torch
from torch import Tensor

from mridiff_sdk.training_data import smooth_field

RADIUS = 3.0, 10.0
"""In pixels."""
SHIFT = 0.3, 0.6
"""Of the intensity, on a scale from 0 to 2."""
Looks = Annotated[Literal["either", "brighter", "darker", "none"], "of drawn lesions, against the tissue around; none: no lesion"]
SIGNS = {"either": (1, -1), "brighter": (1,), "darker": (-1,)}


def with_lesion(x: Tensor, brain: Tensor, seed: int, looks: str = "either") -> tuple[Tensor, Tensor]:
    """A slice (y, x) with one drawn lesion in its brain (y, x), bool, and where it is.

    Its border is uneven and a pixel wide; the texture of the tissue stays.
    """
    rng, size = np.random.default_rng((7, seed)), x.shape[-1]
    places = np.argwhere(brain.numpy())
    (cy, cx), radius = places[rng.integers(len(places))], rng.uniform(*RADIUS)
    row, column = np.mgrid[:size, :size]
    distance = np.hypot((row - cy) * rng.uniform(0.8, 1.25), column - cx) * (1 + 0.2 * smooth_field(rng, size, 8))
    weight = torch.from_numpy(np.clip(radius + 0.5 - distance, 0, 1)).to(x) * brain
    sign = int(rng.choice(SIGNS[looks]))
    return (x + sign * rng.uniform(*SHIFT) * weight).clamp_min(0), weight >= 0.5
