"""Diffusion: how x0 degrades over t: x_t = H_t x0 + sigma_t n."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

from .streams import Streams

if TYPE_CHECKING:
    from .problem import Problem


class Diffusion(ABC):
    """x_t = H_t x0 + sigma_t n: Gaussian (H_t = alpha_t), cold (sigma_t = 0), or both (blur and noise, shrinking k-space boxes).

    Time runs from `t_range[0]`, clean, to `t_range[1]`, fully degraded; the range is where the prior was trained. `levels` is the
    number of steps of a discrete chain, None for a continuous one. A time is a number or a tensor (sample,).
    """

    t_range: tuple[float, float] = (0.0, 1.0)
    levels: int | None = None

    @abstractmethod
    def mean(self, x0: Tensor, t: float | Tensor) -> Tensor:
        """H_t x0: alpha_t x0, or F^-1 (g_t * F x0) with a gain 0 <= g_t <= 1."""

    @abstractmethod
    def sigma(self, t: float | Tensor) -> Tensor:
        """Standard deviation of the noise per (complex or real) number, in the shape of t; zero for a cold diffusion."""

    def alpha(self, t: float | Tensor) -> Tensor:
        """The factor of x0 where H_t is a number; raises TypeError where it is not."""
        raise TypeError(f"{type(self).__name__} has no single factor alpha; use mean(x0, t)")

    def time(self, ratio: float | Tensor) -> Tensor:
        """The time at which sigma / alpha = ratio, clamped to `t_range`; so one network serves every ladder."""
        raise TypeError(f"{type(self).__name__} has no noise level to invert")

    def noise(self, like: Tensor, rng: Streams) -> Tensor:
        """A draw of n in the shape of `like` (sample, ...); white unless overridden."""
        return rng.normal_like(like)

    def bind(self, problem: Problem, rng: Streams) -> Self:
        """This diffusion for one scan: a cold one takes the scan's mask and one removal order per sample."""
        return self

    def degrade(self, x0: Tensor, t: float | Tensor, rng: Streams) -> Tensor:
        """A draw of x_t given x0."""
        sigma = spread(self.sigma(t), x0)
        x_t = self.mean(x0, t)
        return x_t + sigma * self.noise(x_t, rng) if bool((sigma > 0).any()) else x_t


def spread(value: float | Tensor, like: Tensor) -> Tensor:
    """A number, or one per sample, in a shape that multiplies `like` (sample, ...), real, in its precision and on its device."""
    v = torch.as_tensor(value, dtype=like.real.dtype, device=like.device)
    return v.reshape(-1, *(1,) * (like.ndim - 1)) if v.ndim else v
