"""Radially weighted k-space: a weight that flattens the huge range between the centre and the edge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mridiff.interfaces import Codec, Field


@dataclass(frozen=True)
class Power:
    """w(r) = (scale r^2 + offset)^power (Tu et al., WKGM, 2022); never 0 with an offset."""

    scale: float = 1.0
    offset: float = 0.02
    power: float = 0.4

    def __call__(self, r: Tensor) -> Tensor:
        """The weight at radius r."""
        return (self.scale * r**2 + self.offset) ** self.power


@dataclass(frozen=True)
class Ramp:
    """w(r) = scale r: 0 at the centre, whose value must come from the measurement (released weights of GLDM and DMSE)."""

    scale: float

    def __call__(self, r: Tensor) -> Tensor:
        """The weight at radius r."""
        return self.scale * r


class RadialWeight(Codec):
    """u = w(|k|) k for k-space k (..., ky, kx); decoding divides, and gives 0 where the weight is 0.

    `profile` maps radii to weights. Radii count samples ("pixel"), or run from 0 at the centre to 1 at the far corner of
    k-space ("corner"). Below the radius `void` the weight is 0: a prior of the high frequencies alone. For images: `Compose(Fourier(),
    RadialWeight(...))`.
    """

    kind = "linear"

    def __init__(self, profile: Callable[[Tensor], Tensor], radius: Literal["pixel", "corner"] = "corner", void: float = 0.0) -> None:
        super().__init__()
        self.profile, self.radius, self.void = profile, radius, void

    def weight(self, like: Tensor) -> Tensor:
        """w, real, (ky, kx), for k-space in the shape of `like`."""
        y, x = (torch.arange(n, dtype=torch.float64, device=like.device) - n // 2 for n in like.shape[-2:])
        r = torch.hypot(y[:, None], x)
        w = self.profile(r / r.max() if self.radius == "corner" else r)
        return torch.where(r >= self.void, w, torch.zeros_like(w)).to(like.real.dtype)

    def encode(self, x: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """w k."""
        return self.weight(x) * x

    def decode(self, u: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """u / w, and 0 where w is 0."""
        w = self.weight(u)
        return u * torch.where(w > 0, 1 / torch.where(w > 0, w, torch.ones_like(w)), torch.zeros_like(w))
