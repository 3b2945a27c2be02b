"""Spread of samples beside the error of their mean."""

from __future__ import annotations

from torch import Tensor

from ..metrics.magnitudes import mean_over
from .draws import beside


def spread_over_error(samples: Tensor, truth: Tensor, *, region: Tensor | None = None) -> Tensor:
    """sqrt((1 + 1/S) mean variance / mean squared error of the mean) of S samples (sample, ...), (1,): 1 for exact draws, less for too
    little spread. Means over pixels of `region`, bool; of magnitudes if complex; the truth is (1, ...)."""
    x, y = beside(samples, truth)
    variance, error = x.var(0, keepdim=True), (x.mean(0, keepdim=True) - y).square()
    return ((1 + 1 / len(x)) * mean_over(variance, region) / mean_over(error, region)).sqrt()


def spread_error_correlation(samples: Tensor, truth: Tensor, *, region: Tensor | None = None) -> Tensor:
    """Pearson correlation over pixels of the standard deviation of samples (sample, ...) and the absolute error of their mean, (1,).

    Whether spread tells where errors are. Exact Gaussian draws do not reach 1, since one error is no deviation. Of magnitudes if complex.
    """
    x, y = beside(samples, truth)
    a, b = x.std(0, keepdim=True), (x.mean(0, keepdim=True) - y).abs()
    a, b = (v - mean_over(v, region).reshape(-1, *(1,) * (v.ndim - 1)) for v in (a, b))
    return mean_over(a * b, region) / (mean_over(a * a, region) * mean_over(b * b, region)).sqrt()


def sharpness(samples: Tensor, *, region: Tensor | None = None) -> Tensor:
    """Root of the mean variance of samples (sample, ...), (1,), in their unit; of magnitudes if complex."""
    x, _ = beside(samples, samples[:1])
    return mean_over(x.var(0, keepdim=True), region).sqrt()
