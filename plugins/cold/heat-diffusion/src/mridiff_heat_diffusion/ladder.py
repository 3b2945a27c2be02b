"""Ladder: how much blur and noise there is at a time, from next to none at t > 0 to the most at t = 1."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mridiff_sdk.complex import complex_std
from mridiff_sdk.diffusions import Blur, FourierDiffusion, Geometric

BLUR = (0.5, 24.0)
"""beta of G_t = exp(-beta_t^2 r^2 / 2), r = 1 at the edge of k-space: from an edge of 0.88 to a Gaussian of n / 48 samples."""
NOISE = (0.01, 1.0)
"""sigma in each of the two channels. Source of both: the public code of Cui et al., IEEE TMI 2024."""


def level(noise: Sequence[float]) -> Geometric:
    """sigma_t per complex number, for its ends in each channel."""
    low, high = noise
    return Geometric(complex_std(low), complex_std(high))


def ladder(blur: Sequence[float] | None = BLUR, noise: Sequence[float] = NOISE, grows: bool = True) -> FourierDiffusion:
    """x_t = F^-1 G_t F x0 + sigma_t z; no blur where `blur` is None, and noise that stays at its first level unless it `grows`."""
    low, high = noise
    gain = Blur(torch.zeros_like) if blur is None else Blur(Geometric(*blur))
    return FourierDiffusion(gain, level((low, high if grows else low)))
