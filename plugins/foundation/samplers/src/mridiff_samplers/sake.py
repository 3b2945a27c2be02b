"""SAKE: k-space of several coils without calibration, by the low rank that the smoothness of coils gives its windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.interfaces import Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import hankel_low_rank, replacement
from mridiff_sdk.fourier import fft, ifft

from .least_squares import for_samples

__all__ = ["SAKE"]


class SAKE(Sampler):
    """k <- the k-space nearest to low rank of all its windows in all coils;  k <- y where it was measured, in turn;  x = F^-1 k.

    The rank is `rank` times the window's area: what sensitivities and support of an object leave of the windows of all coils.
    Neither maps nor calibration lines are asked for; regular patterns, whose holes repeat, have a low rank of their own, so the mask
    must be irregular. Source: Shin, Larson, Ohliger, Elad, Pauly, Vigneron, Lustig, Calibrationless parallel imaging reconstruction based
    on structured low-rank matrix completion, Magn. Reson. Med. 72, 2014.
    """

    def __init__(self, *, rank: Annotated[float, Gt(0), "rank of the windows, in units of their area"] = 1.5,
                 window: Annotated[int, Ge(2), "side of the window, samples"] = 6,
                 iterations: Annotated[int, Ge(1), "low-rank passes"] = 50) -> None:  # fmt: skip
        super().__init__()
        self.rank, self.window, self.iterations = rank, window, iterations

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per low-rank pass."""
        y = problem.y
        assert isinstance(y, Tensor)
        sides = (min(self.window, y.shape[-2]), min(self.window, y.shape[-1]))
        area = sides[0] * sides[1]
        rank = max(1, min(round(self.rank * area), y.shape[1] * area))
        x = ifft(y)
        for i in range(self.iterations):
            x = replacement(problem, ifft(hankel_low_rank(fft(x), rank, sides)))
            yield Step(i, self.iterations, for_samples(x, rng))
