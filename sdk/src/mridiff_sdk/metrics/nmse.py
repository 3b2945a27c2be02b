"""Normalised mean squared error."""

from __future__ import annotations

from torch import Tensor

from .magnitudes import magnitudes, mean_over


def nmse(estimate: Tensor, reference: Tensor, *, region: Tensor | None = None) -> Tensor:
    """||x - truth||^2 / ||truth||^2 of magnitudes (sample, ...), per sample, over `region` (1 or sample, ...) if there is one.

    As fastMRI defines it (Zbontar et al., arXiv 1811.08839) where a sample is a volume (1, z, y, x), whose norm it takes; slices given
    one by one have norms of their own, and their mean is another number. No scale is fitted.
    """
    x, truth = magnitudes(estimate, reference)
    return mean_over((x - truth) ** 2, region) / mean_over(truth**2, region)
