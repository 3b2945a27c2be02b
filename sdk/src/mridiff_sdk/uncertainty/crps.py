"""Continuous ranked probability score."""

from __future__ import annotations

import torch
from torch import Tensor

from ..metrics.magnitudes import mean_over
from .draws import beside


def crps(samples: Tensor, truth: Tensor, *, region: Tensor | None = None) -> Tensor:
    """Continuous ranked probability score of S samples (sample, ...) of the truth (1, ...), (1,), in their unit; lower is better.

    The mean over pixels (of `region`, bool) of E|x - y| - E|x - x'| / 2, the second mean over pairs of different samples: fair, so that
    its expectation does not depend on S (Ferro, Q. J. R. Meteorol. Soc. 140, 2014). Of magnitudes if complex.
    """
    x, y = beside(samples, truth)
    count = len(x)
    weight = 2 * torch.arange(1, count + 1, dtype=x.dtype, device=x.device) - count - 1
    pairs = torch.tensordot(weight, x.sort(0).values, dims=1)[None] / (count * (count - 1))
    return mean_over((x - y).abs().mean(0, keepdim=True) - pairs, region)
