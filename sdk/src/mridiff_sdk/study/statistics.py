"""Statistics: means and paired differences over subjects, each with an interval, and where there are too few to say anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import numpy as np
from numpy.typing import NDArray

LEVEL, RESAMPLES, SEED = 0.95, 10_000, 0
FEW = 6
"""Below this number of pairs no outcome of Wilcoxon's two-sided test reaches p < 0.05."""


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` subjects with its bootstrap interval; of a difference also Wilcoxon's p."""

    mean: float
    low: float
    high: float
    n: int
    p: float = 1.0

    @property
    def direction(self) -> int:
        """The sign of what lies beyond its interval, of enough subjects; 0 where nothing can be said."""
        return 0 if self.n < FEW else (self.low > 0) - (self.high < 0)


def subject(scan: str) -> str:
    """Whom a scan is of: what stands before the last "/" of its id, or the id."""
    return scan.rpartition("/")[0] or scan


def by_subject(scans: Sequence[str], values: Sequence[float | None]) -> dict[str, float]:
    """The mean of each subject over scans and seeds; a value that is missing, or no finite number, is left out."""
    found: dict[str, list[float]] = {}
    for scan, value in zip(scans, values, strict=True):
        if value is not None and isfinite(value):
            found.setdefault(subject(scan), []).append(value)
    return {who: sum(v) / len(v) for who, v in found.items()}


def mean(values: Mapping[str, float]) -> Estimate:
    """The mean over subjects and its percentile bootstrap interval, 95 %; subjects are drawn, not slices."""
    x = np.array(list(values.values()))
    low, high = np.quantile(x[_draws(len(x))].mean(1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(x.mean()), float(low), float(high), len(x))


@lru_cache(maxsize=4)
def _draws(n: int) -> NDArray[np.int64]:
    return np.random.default_rng(SEED).integers(n, size=(RESAMPLES, n))


def difference(values: Mapping[str, float], other: Mapping[str, float]) -> Estimate | None:
    """The mean difference over the subjects of both, paired, with interval and Wilcoxon's two-sided p; None where they share nobody."""
    from scipy.stats import wilcoxon

    each = {who: values[who] - other[who] for who in values if who in other}
    if not each:
        return None
    found = mean(each)
    p = float(wilcoxon(list(each.values())).pvalue) if any(each.values()) else 1.0
    return Estimate(found.mean, found.low, found.high, found.n, p)


def change(values: Mapping[str, float], other: Mapping[str, float]) -> Estimate | None:
    """The mean less that of `other`: paired where they share subjects, else between two groups, each drawn for itself."""
    paired = difference(values, other)
    if paired is not None or not values or not other:
        return paired
    rng = np.random.default_rng(SEED)
    x, y = (np.array(list(v.values())) for v in (values, other))
    means = [v[rng.integers(len(v), size=(RESAMPLES, len(v)))].mean(1) for v in (x, y)]
    low, high = np.quantile(means[0] - means[1], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(x.mean() - y.mean()), float(low), float(high), min(len(x), len(y)))
