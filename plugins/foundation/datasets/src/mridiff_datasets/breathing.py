"""Breathing: phase errors of the outer lines of k-space, as of an object that moves while they are measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Scan, Streams

__all__ = ["Breathing"]

SLOWEST, FASTEST = 0.1, 5.0
"""Radians of the course from one line to the next."""


@dataclass(frozen=True)
class Breathing:
    """y(ky, k) exp(-i phi(k)) for lines k along kx, phi(k) = 2 pi k shift sin(rate k + start) / n, and 0 for |k| <= still n.

    Line k sees the object displaced along x by `shift` sin(..) pixels, each line otherwise than its neighbours, and the centre sees it
    at rest. `rate` is uniform in 0.1 to 5 radians per line and `start` in a turn, drawn for every scan. All coils have the same error.
    """

    shift: float = 3.0
    still: float = 1 / 16

    def phases(self, lines: int, rng: Streams) -> Tensor:
        """phi (sample, kx) in radians."""
        drawn = rng.uniform((2, 1))
        rate, start = SLOWEST + (FASTEST - SLOWEST) * drawn[:, 0], 2 * pi * drawn[:, 1]
        k = torch.arange(lines) - lines // 2
        phi = 2 * pi * self.shift / lines * k * torch.sin(rate * k + start)
        return torch.where(k.abs() <= self.still * lines, 0, phi)

    def displaced(self, y: Tensor, rng: Streams) -> Tensor:
        """k-space (sample, ..., kx) with the phase errors of its streams."""
        phi = self.phases(y.shape[-1], rng).to(y.real.dtype)
        phi = phi.reshape(len(phi), *(1,) * (y.ndim - 2), y.shape[-1])
        return y * torch.polar(torch.ones_like(phi), -phi)

    def scan(self, scan: Scan, seed: int = 0) -> Scan:
        """Any Cartesian scan with them, measured ones too; raises DataError for samples that lie on no grid."""
        y = scan.measured.y
        if not isinstance(y, Tensor) or "mask" not in scan.measured.acquisition:
            raise DataError(f"{scan.id}: only lines of k-space can have phase errors", hint="Take a Cartesian scan.")
        moved = self.displaced(y, Streams.of(seed, scan.id).child("motion"))
        return replace(scan, measured=replace(scan.measured, y=moved))
