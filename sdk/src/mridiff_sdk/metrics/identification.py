"""How well pictures decoded from brain responses tell what was seen: PixCorr, and two-way identification over a set."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.errors import DataError


def pixcorr(estimate: Tensor, reference: Tensor) -> Tensor:
    """Pearson correlation over all values of a picture (sample, ...), per sample; 0 for a picture of one value."""
    return torch.diagonal(correlations(estimate, reference))


def two_way(estimate: Tensor, reference: Tensor, others: Tensor | None = None) -> Tensor:
    """How often a sample's features (sample, ...) are nearer to its own reference than to another one, per sample; chance is 0.5.

    For sample j the share of all i != j with corr(estimate_j, reference_j) > corr(estimate_j, reference_i); ties count half. The mean over
    samples is two-way identification as in Ozcelik and VanRullen, Scientific Reports 13, 2023. Where `others` (other, ...) are given, they
    are the other references. Raises DataError where there is none.
    """
    if len(estimate) < 2 and others is None:
        raise DataError("two-way identification needs two samples at least, or others")
    own = torch.diagonal(correlations(estimate, reference))[:, None]
    found = correlations(estimate, reference if others is None else others)
    wins = (own > found).double() + 0.5 * (own == found).double()
    if others is None:
        wins.fill_diagonal_(0)
    return wins.sum(1) / (found.shape[1] - (others is None))


def correlations(a: Tensor, b: Tensor) -> Tensor:
    """Pearson correlations of all samples of a (sample, ...) with all of b, (sample of a, sample of b); raises DataError unless alike."""
    if a.shape[1:] != b.shape[1:] or a.ndim < 2:
        raise DataError(f"features {tuple(a.shape)} and {tuple(b.shape)} cannot be correlated: they must have one shape (sample, ...)")
    rows = [v.flatten(1).double() - v.flatten(1).double().mean(1, keepdim=True) for v in (a, b)]
    first, second = (v / torch.linalg.vector_norm(v, dim=1, keepdim=True).clamp_min(1e-30) for v in rows)
    found: Tensor = first @ second.T
    return found
