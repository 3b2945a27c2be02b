"""Window: which values are black and which are white, the same for all pictures that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .planes import Picture

_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class Window:
    """Values from `low` to `high`; signed data have `low = -high` and zero in the middle."""

    low: float
    high: float

    @property
    def signed(self) -> bool:
        """Whether zero lies in the middle."""
        return self.low < 0


def window_of(picture: Picture) -> Window:
    """From zero to the 99.5th percentile of `picture`; symmetric about zero where the picture has more than stray negative values."""
    values = picture[np.isfinite(picture)]
    if not values.size:
        return Window(0.0, 1.0)
    high = float(np.percentile(np.abs(values), 99.5)) or float(np.abs(values).max()) or 1.0
    return Window(-high if np.percentile(values, 0.5) < -0.02 * high else 0.0, high)


def error_of(picture: Picture, reference: Picture) -> Picture:
    """Magnitude of the difference of two pictures (of magnitudes, where the data are complex), in grey."""
    return grey(np.abs(picture - reference))


def grey(picture: Picture) -> Picture:
    """A picture in colour as the mean of its channels; any other as it is."""
    return picture.mean(-1) if picture.ndim == 3 else picture


def factor_for(errors: Sequence[Picture], window: Window) -> int:
    """The round factor that brings errors into the window: the geometric mean of their 99.5th percentiles stays below its top.

    One factor serves all errors, and the mean lets one bad picture neither hide the errors of the others nor be hidden;
    errors below a tenth of the largest count as that much, so that an almost perfect picture does not decide.
    """
    return factor([float(np.percentile(e[np.isfinite(e)], 99.5)) for e in errors if np.isfinite(e).any()], window.high)


def factor(tops: Sequence[float], high: float) -> int:
    """The round factor that brings what reaches up to `tops`, as `factor_for` says, into a window up to `high`."""
    if not any(tops):
        return 1
    middle = float(np.exp(np.mean(np.log(np.maximum(tops, max(tops) / 10)))))
    return max((s for s in _STEPS if s * middle <= high), default=1)
