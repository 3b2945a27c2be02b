"""Precision: how well so many samples know the mean and the standard deviation of their distribution, and when they are enough."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Problem

from ..metrics.magnitudes import mean_over
from ..metrics.region import head_region

FEWEST = 4
"""Samples; the spread of fewer does not tell how many are needed."""
SPREAD = 0.15
"""The largest `std_error` of samples that are enough."""


def precision(samples: Tensor, region: Tensor | None = None) -> dict[str, float]:
    """Standard errors of the mean and of the standard deviation of n independent samples (sample, ...), root mean square over pixels.

    `mean_error` is that of the mean, sqrt(mean s^2 / n), over the root mean square of the mean itself. `std_error`, of three samples or
    more, is that of s over the root mean square of s, by Var s^2 = (mean |d|^4 - s^4) / (n - 2) with deviations d whose mean square is
    s^2, which is unbiased for real and complex Gaussian samples. Both over the pixels of `region` (1, ...), bool.
    """
    n, mean = len(samples), samples.mean(0, keepdim=True)
    squared = (samples - mean).abs().double().square() * (n / (n - 1))
    variance = squared.mean(0, keepdim=True)
    spread, size = mean_over(variance, region), mean_over(mean.abs().double().square(), region)
    found = {"mean_error": _root(spread / n, size)}
    if n > 2:
        of_variance = (squared.square().mean(0, keepdim=True) - variance.square()) / (n - 2)
        of_std = torch.where(variance > 0, of_variance / (4 * variance), 0)
        found["std_error"] = _root(mean_over(of_std, region), spread)
    return found


def enough(problem: Problem, x: Tensor, tolerance: float) -> bool:
    """Whether samples x (sample, *domain) of a problem are enough: `mean_error` <= tolerance and `std_error` <= SPREAD.

    Inside the object, as it is found in their mean.
    """
    if len(x) < FEWEST:
        return False
    found = precision(seen(problem, x), object_of(problem, x))
    return found["mean_error"] <= tolerance and found["std_error"] <= SPREAD


def seen(problem: Problem, x: Tensor) -> Tensor:
    """x (sample, *domain) in the space that is looked at."""
    return x if problem.A is None else problem.A.image(x)


def object_of(problem: Problem, x: Tensor) -> Tensor | None:
    """Where the mean of samples x (sample, *domain) has the object, bool (1, *image); None where that is no image, or has none."""
    space = problem.space if problem.A is None else problem.A.image_space
    try:
        return head_region(seen(problem, x).mean(0, keepdim=True)) if space.axes[-2:] == ("y", "x") else None
    except DataError:
        return None


def _root(a: Tensor, b: Tensor) -> float:
    return float((a / b).sqrt()) if float(b) else 0.0
