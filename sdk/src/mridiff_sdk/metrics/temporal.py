"""What happens over time: whether a series moves as it should, and where it moves at all."""

from __future__ import annotations

import torch
from torch import Tensor

from .magnitudes import magnitudes


def temporal_nmse(estimate: Tensor, reference: Tensor, *, dim: int = -3) -> Tensor:
    """||D x - D truth||^2 / ||D truth||^2 of magnitudes (sample, ..., t, y, x), per sample, D the difference of neighbouring frames.

    `dim` is the axis of time. 1 for an estimate that stands still; infinite or undefined where the truth does.
    """
    x, truth = (m.diff(dim=dim).flatten(1) for m in magnitudes(estimate, reference))
    return (x - truth).square().sum(1) / truth.square().sum(1)


def moving_region(reference: Tensor, *, dim: int = -3, share: float = 0.1) -> Tensor:
    """Where a reference (sample, ..., t, y, x) moves, bool in its shape, the same in all frames; empty where nothing does.

    A pixel moves if the standard deviation of its magnitude over time exceeds `share` of the largest magnitude of the series.
    """
    magnitude = reference.abs()
    peak = magnitude.flatten(1).amax(1).reshape(-1, *(1,) * (reference.ndim - 1))
    moves: Tensor = magnitude.std(dim, correction=0, keepdim=True) > share * peak
    return torch.logical_and(moves, peak > 0).expand_as(reference)
