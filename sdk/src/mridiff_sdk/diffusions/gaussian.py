"""Gaussian diffusions, x_t = alpha_t x0 + sigma_t n: variance preserving, variance exploding, cosine.

Time 0 is clean in all of them (alpha = 1, sigma = 0 exactly), also where `t_range` begins above it. Levels are computed in double
precision. `sigma` is per complex number, E|n|^2 = 1, or per real number in a real space.
"""

from __future__ import annotations

import math
from abc import abstractmethod

import torch
from torch import Tensor

from mridiff.interfaces import Diffusion, Streams, spread

from .noise_sources import NoiseSource, white


def _double(t: float | Tensor) -> Tensor:
    return torch.as_tensor(t, dtype=torch.float64)


class GaussianDiffusion(Diffusion):
    """H_t = alpha_t, a number. Subclasses say alpha, sigma and the time of a noise-to-signal ratio.

    `levels` makes the chain discrete: `time` then answers with one of the times i / levels.
    """

    def __init__(self, t_range: tuple[float, float], levels: int | None = None, source: NoiseSource = white) -> None:
        if not 0 <= t_range[0] < t_range[1]:
            raise ValueError(f"t_range must run upwards from 0 or more; got {t_range}")
        self.t_range, self.levels, self.source = t_range, levels, source

    @abstractmethod
    def alpha(self, t: float | Tensor) -> Tensor:
        """The factor of x0, in the shape of t; 1 at time 0, never increasing."""

    @abstractmethod
    def _time(self, ratio: Tensor) -> Tensor:
        """The exact inverse of `ratio`, before clamping and snapping."""

    def mean(self, x0: Tensor, t: float | Tensor) -> Tensor:
        """alpha_t x0, in the shape and precision of x0 (sample, ...)."""
        return spread(self.alpha(t), x0) * x0

    def ratio(self, t: float | Tensor) -> Tensor:
        """sigma_t / alpha_t, the level of the noise relative to x0; increases with t."""
        return self.sigma(t) / self.alpha(t)

    def time(self, ratio: float | Tensor) -> Tensor:
        """The time at which sigma / alpha = ratio, clamped to `t_range`; the nearest level of a discrete chain."""
        t = self._time(_double(ratio))
        if self.levels is not None:
            t = (t * self.levels).round() / self.levels
        return t.clamp(*self.t_range)

    def noise(self, like: Tensor, rng: Streams) -> Tensor:
        """A draw from this diffusion's noise source, unit variance per number."""
        return self.source(like, rng)


class VP(GaussianDiffusion):
    """Variance preserving, alpha^2 + sigma^2 = 1, with a rate beta that grows linearly over t in [0, 1].

    Continuous (Song et al., ICLR 2021, appendix C): log alpha^2 = -(beta_min t + (beta_max - beta_min) t^2 / 2). With `levels` = T
    the table of a discrete chain (Ho et al., NeurIPS 2020), time i / T after i steps of rate linspace(beta_min, beta_max) / T; T = 1000
    gives their 1e-4 to 0.02. Between the levels log alpha^2 is interpolated linearly.
    """

    def __init__(self, beta_min: float = 0.1, beta_max: float = 20.0, levels: int | None = None,
                 t_range: tuple[float, float] | None = None, source: NoiseSource = white) -> None:  # fmt: skip
        if not 0 < beta_min <= beta_max or (levels is not None and not (levels >= 1 and beta_max < levels)):
            raise ValueError(f"VP needs 0 < beta_min <= beta_max, and beta_max < levels; got {beta_min}, {beta_max}, {levels}")
        super().__init__(t_range or (1e-5 if levels is None else 1 / levels, 1.0), levels, source)
        self.beta_min, self.beta_max = beta_min, beta_max
        self._table: Tensor | None = None
        if levels is not None:
            betas = torch.linspace(beta_min, beta_max, levels, dtype=torch.float64) / levels
            self._table = torch.cat((betas.new_zeros(1), -torch.log1p(-betas).cumsum(0)))

    def _decay(self, t: float | Tensor) -> Tensor:
        """-log alpha_t^2."""
        t = _double(t)
        if self._table is None:
            return t * (self.beta_min + 0.5 * (self.beta_max - self.beta_min) * t)
        table = self._table.to(t.device)
        i = (t * (len(table) - 1)).clamp(0, len(table) - 1)
        low = i.floor().long().clamp(max=len(table) - 2)
        return table[low] + (i - low) * (table[low + 1] - table[low])

    def alpha(self, t: float | Tensor) -> Tensor:
        """exp(-decay / 2)."""
        return torch.exp(-0.5 * self._decay(t))

    def sigma(self, t: float | Tensor) -> Tensor:
        """sqrt(1 - alpha^2), without cancellation near time 0."""
        return torch.sqrt(-torch.expm1(-self._decay(t)))

    def _time(self, ratio: Tensor) -> Tensor:
        decay = torch.log1p(ratio**2)
        if self._table is None:
            slope = self.beta_max - self.beta_min
            return 2 * decay / (self.beta_min + torch.sqrt(self.beta_min**2 + 2 * slope * decay))
        table = self._table.to(decay.device)
        high = torch.searchsorted(table, decay.contiguous()).clamp(1, len(table) - 1)
        step = (decay - table[high - 1]) / (table[high] - table[high - 1])
        return (high - 1 + step) / (len(table) - 1)


class Chain(VP):
    """Variance preserving, with any table of rates: time i / T after i steps, the i-th with rate betas[i - 1], 0 < beta < 1, (T,)."""

    def __init__(self, betas: Tensor, source: NoiseSource = white) -> None:
        if betas.ndim != 1 or not len(betas) or not bool(((betas > 0) & (betas < 1)).all()):
            raise ValueError("a chain needs rates between 0 and 1, one per step")
        GaussianDiffusion.__init__(self, (1 / len(betas), 1.0), len(betas), source)
        self._table = torch.cat((betas.new_zeros(1, dtype=torch.float64), -torch.log1p(-betas.double()).cumsum(0)))


class VE(GaussianDiffusion):
    """Variance exploding: x_t = x0 + t n; the time is the noise level itself (Karras et al., NeurIPS 2022)."""

    def __init__(self, sigma_min: float = 0.002, sigma_max: float = 80.0, source: NoiseSource = white) -> None:
        super().__init__((sigma_min, sigma_max), None, source)

    def alpha(self, t: float | Tensor) -> Tensor:
        """1."""
        return torch.ones_like(_double(t))

    def sigma(self, t: float | Tensor) -> Tensor:
        """t."""
        return _double(t)

    def _time(self, ratio: Tensor) -> Tensor:
        return ratio


EDM = VE
"""The EDM parameterisation of the variance exploding diffusion; its preconditioning belongs to the network."""


class Cosine(GaussianDiffusion):
    """Variance preserving with alpha_t = cos(u) / cos(u_0), u = (t + offset) / (1 + offset) pi / 2 (Nichol and Dhariwal, ICML 2021).

    alpha vanishes at t = 1, so the range ends just below.
    """

    def __init__(self, offset: float = 0.008, levels: int | None = None, t_range: tuple[float, float] | None = None,
                 source: NoiseSource = white) -> None:  # fmt: skip
        if not offset > 0:
            raise ValueError(f"Cosine needs a positive offset; got {offset}")
        low, high = (1e-5, 0.999) if levels is None else (1 / levels, (levels - 1) / levels)
        super().__init__(t_range or (low, high), levels, source)
        self.offset = offset
        self._start = 0.5 * math.pi * offset / (1 + offset)

    def _angle(self, t: float | Tensor) -> Tensor:
        return 0.5 * math.pi * (_double(t) + self.offset) / (1 + self.offset)

    def alpha(self, t: float | Tensor) -> Tensor:
        """cos(u) / cos(u_0)."""
        return torch.cos(self._angle(t)) / math.cos(self._start)

    def sigma(self, t: float | Tensor) -> Tensor:
        """sqrt(1 - alpha^2), written as a product so that nothing cancels near time 0."""
        u = self._angle(t)
        step = 0.5 * math.pi * _double(t) / (1 + self.offset)
        return torch.sqrt((torch.sin(step) * torch.sin(u + self._start)).clamp_min(0)) / math.cos(self._start)

    def _time(self, ratio: Tensor) -> Tensor:
        # tan^2 u = (sin^2 u_0 + ratio^2) / cos^2 u_0
        u = torch.atan2(torch.sqrt(math.sin(self._start) ** 2 + ratio**2), torch.full_like(ratio, math.cos(self._start)))
        return u * (1 + self.offset) / (0.5 * math.pi) - self.offset
