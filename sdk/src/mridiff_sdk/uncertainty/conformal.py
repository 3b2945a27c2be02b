"""Conformal: from errors of subjects in units of spread to one factor, and what it promises."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt

import torch
from torch import Tensor

from mridiff.errors import ConfigError, DataError, Mistake

from .draws import beside

FEWEST = 5
"""Subjects; of fewer, the promise says more of who was drawn than of the method."""


def ratios(samples: Tensor, truth: Tensor, region: Tensor) -> Tensor:
    """|truth - mean| / standard deviation of the samples (sample, ...) at the pixels of `region` (1, ...), bool, (pixel,) ascending.

    Infinite where samples agree on what is wrong. Of magnitudes if complex; the truth is (1, ...).
    """
    x, y = beside(samples, truth)
    error, spread = (y[0] - x.mean(0)).abs()[region[0]], x.std(0)[region[0]]
    return torch.where(error == 0, 0, error / spread).sort().values


def score(found: Tensor, level: float) -> float:
    """The smallest factor whose intervals hold that share of a subject's pixels, from its `ratios` (pixel,), ascending."""
    return float(found[_rank(len(found), level) - 1])


def covered(found: Tensor, factor: float) -> float:
    """Share of a subject's pixels in the intervals of a factor."""
    return float((found <= factor).double().mean())


def conformal(scores: Sequence[float], confidence: float) -> float:
    """The ceil((n + 1) confidence)-th smallest of the scores of n subjects (Vovk et al., 2005; Papadopoulos et al., ECML 2002).

    The score of one more subject, exchangeable with these, is not above it with probability `promised` >= confidence. Raises DataError
    where that takes more subjects.
    """
    k = rank(len(scores), confidence)
    if k > len(scores):
        enough = ceil(round(confidence / (1 - confidence), 9))
        raise DataError(
            f"{len(scores)} subjects promise no more than {len(scores) / (len(scores) + 1):.2f}, less than {confidence:g}",
            hint=f"Calibrate on {enough} or more, or ask for less --confidence.",
        )
    return sorted(scores)[k - 1]


def rank(subjects: int, confidence: float) -> int:
    """Which of the ordered scores is the factor."""
    return _rank(subjects + 1, confidence)


def promised(subjects: int, confidence: float) -> float:
    """The probability that is promised: k / (n + 1), over the draw of all subjects."""
    return rank(subjects, confidence) / (subjects + 1)


def realised(subjects: int, confidence: float) -> tuple[float, float]:
    """Between which values that probability lies in nine of ten such calibrations, once their subjects are drawn: Beta(k, n + 1 - k)."""
    from scipy.stats import beta

    k = rank(subjects, confidence)
    low, high = beta(k, subjects + 1 - k).ppf([0.05, 0.95])
    return float(low), float(high)


def gaussian(samples: int, level: float) -> float:
    """The factor of that many Gaussian samples: Student's t, since mean and deviation are estimated from them."""
    from scipy.stats import t

    return float(t(samples - 1).ppf((1 + level) / 2)) * sqrt(1 + 1 / samples)


def checked(level: float, confidence: float, samples: int, until: float | None = None) -> None:
    """Raise ConfigError for what no calibration can be made with."""
    asked = {"--level": level, "--confidence": confidence}
    mistakes = [Mistake(name, f"a number between 0 and 1 is expected, not {value:g}") for name, value in asked.items() if not 0 < value < 1]
    mistakes += [Mistake("samples", "intervals need two samples or more, of a method that draws samples")] if samples < 2 else []
    mistakes += [] if until is None else [Mistake("until", "intervals are calibrated for a number of samples: leave it out")]
    if mistakes:
        raise ConfigError(mistakes)


def _rank(count: int, share: float) -> int:
    return max(1, ceil(round(share * count, 9)))
