"""The measurement that all candidates reconstruct: ellipses, smooth coils on a ring, R = 4 line mask, a little noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mridiff_sdk.fourier import fft, ifft

ELLIPSES = ((1.0, 0.69, 0.92, 0.0, 0.0), (-0.6, 0.62, 0.85, 0.0, -0.02), (0.3, 0.16, 0.41, -0.22, 0.0), (0.25, 0.11, 0.31, 0.22, 0.1),
            (0.2, 0.21, 0.25, 0.0, 0.35), (0.3, 0.05, 0.05, 0.0, -0.1), (0.4, 0.05, 0.03, 0.1, -0.6))  # fmt: skip
"""Value, half axes (x, y) and centre (x, y) of each, in half fields of view."""


@dataclass(frozen=True)
class Case:
    """x (y, x), maps (coil, y, x), mask (ky, kx) and y (coil, ky, kx), without a sample axis."""

    x: Tensor
    maps: Tensor
    mask: Tensor
    y: Tensor

    @property
    def gram(self) -> Tensor:
        """A^H A x by definition."""
        return (self.maps.conj() * ifft(self.mask * fft(self.maps * self.x))).sum(0)

    @property
    def adjoint(self) -> Tensor:
        """A^H y by definition."""
        return (self.maps.conj() * ifft(self.mask * self.y)).sum(0)


def case(coils: int, size: int, acceleration: int = 4, calibration: int = 24, noise: float = 0.002) -> Case:
    """A case of size x size pixels; lines along ky are sampled, `calibration` in the centre and the others at random."""
    rng = torch.Generator().manual_seed(0)
    v, u = torch.meshgrid(*2 * [torch.linspace(-1, 1, size)], indexing="ij")
    parts = [c * ((((u - p) / a) ** 2 + ((v - q) / b) ** 2) < 1) for c, a, b, p, q in ELLIPSES]
    x = torch.stack(parts).sum(0).to(torch.complex64)
    angles = torch.arange(coils) * (2 * math.pi / coils)
    p, q = (1.1 * f(angles)[:, None, None] for f in (torch.cos, torch.sin))
    maps = torch.polar(torch.exp(-((u - p) ** 2 + (v - q) ** 2) / 1.2), u * p + v * q + angles[:, None, None])
    maps = maps / torch.linalg.vector_norm(maps, dim=0)
    line = torch.zeros(size)
    line[(size - calibration) // 2 : (size + calibration) // 2] = 1
    free = (line == 0).nonzero()[:, 0]
    line[free[torch.randperm(len(free), generator=rng)[: size // acceleration - calibration]]] = 1
    mask = line.expand(size, size).contiguous()
    y = mask * (fft(maps * x) + noise * torch.randn(coils, size, size, generator=rng, dtype=torch.complex64))
    return Case(x, maps, mask, y)
