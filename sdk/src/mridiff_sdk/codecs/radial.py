"""Radial: k-space by distance from its centre: a measured profile, and soft rings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


def radius(ny: int, nx: int) -> Tensor:
    """Distance from the centre n // 2 in samples, (ky, kx), double."""
    y, x = (torch.arange(n, dtype=torch.float64) - n // 2 for n in (ny, nx))
    return torch.hypot(y[:, None], x)


def root_mean_power(k: Tensor) -> Tensor:
    """The root mean square of |k| (..., ky, kx) at the distances 0, 1, 2 ... of whole samples, (radius,), out to the nearer edge."""
    ny, nx = k.shape[-2:]
    r = radius(ny, nx).round().long().flatten()
    power = k.abs().square().reshape(-1, ny * nx).mean(0).double()
    inside = r < min(ny, nx) // 2
    sums = torch.zeros(min(ny, nx) // 2, 2, dtype=torch.float64)
    sums.index_add_(0, r[inside], torch.stack([power, torch.ones_like(power)], 1)[inside])
    return (sums[:, 0] / sums[:, 1]).sqrt().float()


@dataclass(frozen=True)
class Profile:
    """w(r) by linear interpolation of a table at r = 0, 1, 2 ... samples; its last value beyond; at least `floor` of its largest.

    A profile for `RadialWeight(..., radius="pixel")`.
    """

    table: Tensor
    floor: float = 1e-3

    def __call__(self, r: Tensor) -> Tensor:
        """The weight at radius r."""
        table = self.table.to(r)
        table = table + self.floor * table.max()
        at = r.clamp(0, len(table) - 1)
        low = at.floor().long().clamp(max=max(len(table) - 2, 0))
        part = at - low
        return table[low] * (1 - part) + table[(low + 1).clamp(max=len(table) - 1)] * part


def bands(ny: int, nx: int, edges: Sequence[float]) -> Tensor:
    """Soft rings that add up to 1, real (band, ky, kx): len(edges) + 1 of them, raised cosines across each edge.

    `edges` are radii as parts of the half width of k-space, (0, 1]; an edge is as soft as the narrower of the rings beside it.
    """
    y, x = ((torch.arange(n, dtype=torch.float64) - n // 2) / (n / 2) for n in (ny, nx))
    r = torch.hypot(y[:, None], x)
    bounds = [0.0, *edges, 2.0]
    steps = [torch.ones_like(r)]
    for before, edge, after in zip(bounds, bounds[1:], bounds[2:], strict=False):
        half = 0.5 * min(edge - before, after - edge)
        steps.append(0.5 - 0.5 * torch.cos(math.pi * ((r - edge) / (2 * half) + 0.5).clamp(0, 1)))
    rising = torch.stack([*steps, torch.zeros_like(r)])
    return functional.relu(rising[:-1] - rising[1:]).float()
