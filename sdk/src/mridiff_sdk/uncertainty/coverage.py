"""Coverage: how often the truth lies between order statistics of the samples."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

import torch
from torch import Tensor

from mridiff.errors import DataError

from ..metrics.magnitudes import mean_over
from .draws import beside


def coverage(samples: Tensor, truth: Tensor, level: float = 0.9, *, region: Tensor | None = None) -> Tensor:
    """Share of pixels of the truth (1, ...) inside the central interval of S samples (sample, ...), (1,); of magnitudes if complex.

    A truth that is exchangeable with the samples lies between the k-th smallest and k-th largest with probability (S + 1 - 2k) / (S + 1),
    whatever the distribution, so k = (1 - level) (S + 1) / 2. Where that is no whole number, the shares of the two neighbouring k are mixed
    so that this probability is `level`. The mean runs over `region` (1, ...), bool. Raises DataError for fewer than `least(level)` samples,
    whose range is too narrow for that level.
    """
    x, y = beside(samples, truth)
    inside = torch.zeros_like(y)
    for share, low, high in _intervals(x, level):
        inside += share * ((low <= y) & (y <= high))
    return mean_over(inside, region)


def width(samples: Tensor, level: float = 0.9, *, region: Tensor | None = None) -> Tensor:
    """Mean width of the intervals of `coverage`, (1,), in the unit of the samples: sharpness, where coverage is right."""
    lower, upper = limits(samples, level)
    return mean_over((upper - lower)[None], region)


def limits(samples: Tensor, level: float = 0.9) -> tuple[Tensor, Tensor]:
    """Lower and upper bounds (...) of the intervals of `coverage`, of samples (sample, ...); of the two that are mixed, the mean bounds."""
    x, _ = beside(samples, samples[:1])
    lower, upper = (sum(share * bounds[side][0] for share, *bounds in _intervals(x, level)) for side in (0, 1))
    return lower, upper  # type: ignore[return-value]


def least(level: float) -> int:
    """The fewest samples whose range has that level: 19 for 0.9, 39 for 0.95."""
    return ceil(round(2 / (1 - level), 9)) - 1


def _intervals(x: Tensor, level: float) -> Iterator[tuple[float, Tensor, Tensor]]:
    """Shares, lower and upper bounds (1, ...) of the two intervals that are mixed."""
    if not 0 < level < 1:
        raise DataError(f"a level lies between 0 and 1, got {level}")
    count = len(x)
    if count < least(level):
        raise DataError(f"{count} samples have no interval of {level:.0%}: their range holds {(count - 1) / (count + 1):.0%}",
                        hint=f"Draw {least(level)} or more.")  # fmt: skip
    ordered = x.sort(0).values
    rank = round((1 - level) * (count + 1) / 2, 9)
    k = int(rank)
    for share, n in ((1 - rank + k, k), (rank - k, k + 1)):
        if share and 2 * n <= count:
            yield share, ordered[n - 1][None], ordered[count - n][None]
