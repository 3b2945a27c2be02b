"""Diffusions that act on frequencies: x_t = F^-1 (g_t * F x0) + sigma_t n; cold where sigma is 0."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Self

import torch
from torch import Tensor

from mridiff.interfaces import Diffusion, Problem, Streams

from .. import fourier
from .gains import Gain
from .noise_sources import NoiseSource, white


class FourierDiffusion(Diffusion):
    """A gain and a noise level, over times in [0, 1] and the last two axes; k-space cold diffusion, heat, shrinking boxes.

    `kspace` says that the state itself is k-space, so that the gain multiplies it as it is. `sigma` maps times (double) to levels per
    number and must be 0 at time 0; None is cold.
    """

    def __init__(self, gain: Gain, sigma: Callable[[Tensor], Tensor] | None = None, *, kspace: bool = False, levels: int | None = None,
                 t_range: tuple[float, float] = (0.0, 1.0), source: NoiseSource = white) -> None:  # fmt: skip
        self.gain, self.kspace, self.levels, self.t_range, self.source = gain, kspace, levels, t_range, source
        self._sigma = sigma or torch.zeros_like

    def mean(self, x0: Tensor, t: float | Tensor) -> Tensor:
        """F^-1 (g_t * F x0), (sample, ..., y, x); exactly x0 at the number 0, and real for a real image."""
        if not isinstance(t, Tensor) and t == 0:
            return x0
        g = self.gain(t, x0)
        if self.kspace:
            return g * x0
        x_t = fourier.ifft(g * fourier.fft(x0))
        return x_t if x0.is_complex() else x_t.real

    def sigma(self, t: float | Tensor) -> Tensor:
        """The noise level per number, in the shape of t."""
        return self._sigma(torch.as_tensor(t, dtype=torch.float64))

    def noise(self, like: Tensor, rng: Streams) -> Tensor:
        """A draw from this diffusion's noise source."""
        return self.source(like, rng)

    def bind(self, problem: Problem, rng: Streams) -> Self:
        """This diffusion with its gain bound to the scan; the original stays unbound."""
        bound = copy.copy(self)
        bound.gain = self.gain.bind(problem, rng)
        return bound
