"""Ranks of the truth among samples."""

from __future__ import annotations

import torch
from torch import Tensor

from .draws import beside


def rank_histogram(samples: Tensor, truth: Tensor, *, region: Tensor | None = None) -> Tensor:
    """Share of pixels (of `region`, bool) whose truth (1, ...) is larger than 0, 1, .. S of the samples (sample, ...), (S + 1,).

    Flat where truth and samples are exchangeable; a U for too little spread, a hump for too much, a slope for a bias. Of magnitudes if
    complex. A truth that equals samples counts half below and half above them.
    """
    x, y = beside(samples, truth)
    inside = torch.ones_like(y, dtype=torch.bool) if region is None else region.expand_as(y)
    ranks = torch.cat([(x < y).sum(0)[inside[0]], (x <= y).sum(0)[inside[0]]])
    return torch.bincount(ranks, minlength=len(x) + 1).double() / len(ranks)
