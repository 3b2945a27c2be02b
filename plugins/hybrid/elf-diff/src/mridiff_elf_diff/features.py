"""Features: what an image looks like in a few numbers, by a fixed pyramid of oriented filters instead of a trained network."""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["distance", "features"]

LEVELS, ORIENTATIONS = 3, 4
SIDE, SIGMA, WAVELENGTH = 7, 1.5, 4.0
"""Of a Gabor filter, in pixels of its level."""


def distance(a: Tensor, b: Tensor) -> Tensor:
    """1 - cosine of the features of two images (sample, ..., y, x), (sample,), from 0 to 1; 0 where one has none."""
    f, g = features(a), features(b)
    sizes = torch.linalg.vector_norm(f, dim=1) * torch.linalg.vector_norm(g, dim=1)
    cosine = (f * g).sum(1) / torch.where(sizes > 0, sizes, 1)
    return torch.where(sizes > 0, (1 - cosine).clamp(0, 1), 0)


def features(x: Tensor) -> Tensor:
    """Mean brightness, then the mean strength of each orientation at each level, (sample, 13), of |x| (sample, ..., y, x)."""
    planes = x.abs().reshape(-1, 1, *x.shape[-2:])
    found = [planes.mean((1, 2, 3))]
    bank = filters().to(planes.dtype).to(planes.device)
    for _ in range(LEVELS):
        seen = functional.conv2d(functional.pad(planes, (SIDE // 2,) * 4, mode="replicate"), bank)
        found += list(torch.hypot(*seen.chunk(2, 1)).mean((2, 3)).unbind(1))
        planes = functional.avg_pool2d(planes, 2, ceil_mode=True)
    return torch.stack(found, 1).reshape(len(x), -1, len(found)).mean(1)


def filters() -> Tensor:
    """Gabor filters of zero sum, (2 x orientation, 1, SIDE, SIDE): the even ones, then the odd ones."""
    r = torch.arange(SIDE, dtype=torch.float64) - SIDE // 2
    angle = torch.arange(ORIENTATIONS)[:, None, None] * (pi / ORIENTATIONS)
    along = r[:, None] * torch.sin(angle) + r * torch.cos(angle)
    bell = torch.exp(-(r[:, None] ** 2 + r**2) / (2 * SIGMA**2))
    waves = torch.cat([torch.cos(2 * pi / WAVELENGTH * along), torch.sin(2 * pi / WAVELENGTH * along)]) * bell
    waves = waves - waves.mean((1, 2), keepdim=True) * bell / bell.mean()
    return (waves / waves.abs().sum((1, 2), keepdim=True))[:, None]
