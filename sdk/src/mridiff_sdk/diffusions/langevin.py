"""Langevin moves at one noise level: the corrector with its signal-to-noise rule, and balanced gradients.

With E|n|^2 = 1 per number and the score (E[H x0] - x) / sigma^2, complex and real numbers obey the same formulas: a step `delta` moves x
by delta * score + sqrt(2 delta) n, and the variance sigma^2 is stationary to first order. Norms run over all axes but `sample`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.interfaces import Streams, spread

from .noise_sources import NoiseSource, white


def norm(x: Tensor) -> Tensor:
    """The Euclidean norm of each sample of x (sample, ...), (sample,)."""
    size: Tensor = torch.linalg.vector_norm(x.flatten(1), dim=1)
    return size


def langevin(x: Tensor, drift: Tensor, delta: float | Tensor, rng: Streams, noise: NoiseSource = white) -> Tensor:
    """x + delta drift + sqrt(2 delta) n; `delta` is a number or (sample,)."""
    delta = spread(delta, x)
    return x + delta * drift + (2 * delta).sqrt() * noise(x, rng)


def corrector(mean: Tensor, score: Tensor, snr: float, rng: Streams, noise: NoiseSource = white,
              copies: int | None = None) -> tuple[Tensor, Tensor]:  # fmt: skip
    """One move with delta = 2 (snr |n| / |score|)^2 (Song et al., ICLR 2021, algorithms 4 and 5); returns (noisy, mean).

    `mean` and `score` are (sample, ...). With `copies` = k the noisy state has k copies that share one mean, (sample, k, ...); `score` is
    then the average of those at the copies before.
    """
    z = noise(mean if copies is None else mean[:, None].expand(-1, copies, *mean.shape[1:]), rng)
    size = norm(z) / (copies or 1) ** 0.5
    delta = 2 * (snr * size / norm(score).clamp_min(torch.finfo(z.real.dtype).tiny)) ** 2
    moved = mean + spread(delta, mean) * score
    return (moved if copies is None else moved[:, None]) + (2 * spread(delta, z)).sqrt() * z, moved


def balanced(g: Tensor, like: Tensor, weight: float = 1.0) -> Tensor:
    """The gradient g (sample, ...) rescaled to `weight` times the norm of `like`, sample by sample; 0 stays 0.

    For a normalised Langevin move: `langevin(x, score - balanced(g, score), delta, rng)` (Levac et al., MRM 2024, released code).
    """
    size = norm(g)
    return spread(weight * norm(like) / torch.where(size > 0, size, torch.ones_like(size)), g) * g
