"""Ladder: centred boxes of k-space from all of it, at t = 0, to a quarter of each side, at t = 1, and a little noise that grows with t."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, cos, pi, sin
from typing import Self

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Problem, Streams
from mridiff_sdk.diffusions import Box, FourierDiffusion, Gain

LOWEST = 0.25
"""Side of the smallest box, over that of k-space."""
SIGMA = 0.05 * 2**0.5
"""Noise at t = 1 per complex number, in units of the image's 99th percentile: 0.05 in each of the two channels of the study."""
OFFSET, END = 0.008, 0.005
"""Of the cosine schedule: where it begins, and what its exponential leaves at t = 1."""


def rings(n: int) -> int:
    """How many samples an axis of `n` has lost on each side at t = 1."""
    return round((1 - LOWEST) / 2 * n)


def inner(n: int, t: float) -> int:
    """How many samples of an axis of `n` are left at time t."""
    return n - 2 * ceil(rings(n) * t - 1e-6)


class Boxes(Gain):
    """M_t: `rings(n) t` samples are gone from each side of each axis (rounded up), so that t means the same for every matrix.

    It is bound to scans of the middle of k-space alone: all other ladders end elsewhere.
    """

    def __call__(self, t: float | Tensor, like: Tensor) -> Tensor:
        """1 inside the box, 0 outside, (1 or sample, ..., ky, kx)."""
        ny, nx = like.shape[-2:]
        return Box((ny - 2 * rings(ny), nx - 2 * rings(nx)))(t, like)

    def bind(self, problem: Problem, rng: Streams) -> Self:
        """The same; raises DataError where something else was measured than the middle of k-space."""
        measured(problem)
        return self


def side(t: Tensor) -> Tensor:
    """Side of the box at time t over that of k-space, in the shape of t."""
    return 1 - (1 - LOWEST) * t


def time(side: float) -> float:
    """The time at which the box has this side, over that of k-space."""
    return (1 - side) / (1 - LOWEST)


def sigma(t: Tensor) -> Tensor:
    """SIGMA sqrt(1 - END^(2 c_t / c_1)), c_t the integral of 1 - cos^2, a cosine schedule, from 0 to t; in the shape of t.

    Source: the public code of Wang et al., 2025, whose sum over steps is the integral here, so that t needs no number of steps.
    """
    grown = _integral(t) / _integral(torch.ones_like(t))
    return SIGMA * (1 - END ** (2 * grown)).clamp_min(0).sqrt()


def _integral(t: Tensor) -> Tensor:
    """Integral from 0 to t of 1 - cos^2(w (u + o)) / cos^2(w o), w = pi / 2 / (1 + o)."""
    w, o = pi / 2 / (1 + OFFSET), OFFSET
    whole = t / 2 + ((2 * w * (t + o)).sin() - sin(2 * w * o)) / (4 * w)
    return t - whole / cos(w * o) ** 2


def ladder() -> FourierDiffusion:
    """x_t = A_t x0 + sigma_t z with A_t = F^-1 M_t F: lower and lower resolution on the same grid of pixels."""
    return FourierDiffusion(Boxes(), sigma)


def measured(problem: Problem) -> tuple[int, int]:
    """How many samples (ky, kx) of the middle of k-space a scan has; raises DataError where its operator is not such a truncation."""
    A, k = problem.linear, problem.linear.codomain
    if isinstance(k, tuple) or k.axes != ("ky", "kx") or k.shape == A.domain.shape:
        where = " and ".join(map(str, k)) if isinstance(k, tuple) else str(k)
        raise DataError(f"k-space is enlarged from its middle, and the operator leads from {A.domain} to {where}",
                        hint="Choose the operator `truncation`, with a factor above 1.")  # fmt: skip
    ky, kx = k.shape
    return ky, kx


def rung(image: Sequence[int], measured: Sequence[int]) -> float:
    """The time at which the box of an `image` (y, x) first lies within the `measured` middle of k-space (ky, kx).

    Raises DataError where less than a quarter of a side was measured.
    """
    before = [n // 2 - m // 2 for n, m in zip(image, measured, strict=True)]
    lost = [max(b, n - m - b) for b, n, m in zip(before, image, measured, strict=True)]
    t = max(k / rings(n) for k, n in zip(lost, image, strict=True))
    if t > 1:
        raise DataError(f"an image of {tuple(image)} pixels from {tuple(measured)} samples of k-space is beyond a factor of {1 / LOWEST:g}",
                        hint="Ask for a smaller factor.")  # fmt: skip
    return t


def times(start: float, end: float, image: Sequence[int], each: int) -> list[float]:
    """Times from `start` down to `end`, between which an `image` (y, x) gains at most `each` rings; `start` alone where it is below."""
    steps = ceil(max(rings(n) for n in image) * (start - end) / each - 1e-6)
    return [start + (end - start) * i / steps for i in range(steps + 1)] if steps > 0 else [start]
