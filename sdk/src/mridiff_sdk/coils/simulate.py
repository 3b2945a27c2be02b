"""Simulated coil maps: loops around the field of view, by the law of Biot and Savart."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mridiff.errors import ConfigError, Mistake

from ..seeds import generator

SEGMENTS = 24  # straight pieces of wire per loop
DISTANCE = 1.5  # from the centre to a loop, in half fields of view: just outside the corners
JITTER = 0.08  # relative scatter of place and size of the loops
TILT = 0.6  # scatter of the extra linear phase, radians over half a field of view: what a wave of finite length would add


def simulate_maps(coils: int, shape: Sequence[int], seed: int | torch.Generator, dtype: torch.dtype = torch.complex64) -> Tensor:
    """Smooth complex coil maps (coil, y, x) or (coil, z, y, x) with unit root-sum-of-squares at every voxel.

    `coils` overlapping circular loops stand on a ring around the z axis and face it; voxels are cubes. The sensitivity is the transverse
    field Bx - i By of a unit current (reciprocity: Hoult and Richards, J. Magn. Reson. 24, 1976), quasi-static, with a random
    constant and linear phase per coil; loops are scattered a little. All from `seed`. Raises ConfigError.
    """
    if coils < 1 or len(shape) not in (2, 3) or min(shape) < 1:
        raise ConfigError([Mistake("coils", f"{coils} coils over a field of view of {tuple(shape)} cannot be simulated")])
    rng = generator(seed)
    scatter = torch.randn(coils, 8, generator=rng, dtype=torch.float64)
    half = max(shape[-2:]) / 2
    axes = [(torch.arange(n, dtype=torch.float64) - n // 2) / half for n in ((1, *shape) if len(shape) == 2 else shape)]
    z, y, x = (axes[0][:, None, None], axes[1][:, None], axes[2])
    stretch = [n / (2 * half) for n in shape[-2:]]
    maps = []
    for c in range(coils):
        s = scatter[c]
        angle = float(2 * math.pi * (c + JITTER * s[0]) / coils)
        centre = (DISTANCE * stretch[1] * math.cos(angle), DISTANCE * stretch[0] * math.sin(angle), float(JITTER * s[1]))
        radius = float(min(max(1.15 * math.pi * DISTANCE / coils, 0.35), 0.8) * (1 + JITTER * s[2]))
        phase = math.pi * s[3] + TILT * (s[4] * x + s[5] * y + s[6] * z)
        maps.append(_loop(centre, angle, radius, (x, y, z)) * torch.polar(torch.ones_like(phase), phase) * torch.exp(JITTER * s[7]))
    sensitivity = torch.stack(maps)
    sensitivity /= torch.linalg.vector_norm(sensitivity, dim=0)
    return sensitivity.reshape(coils, *shape).to(dtype)


def _loop(centre: tuple[float, float, float], angle: float, radius: float, at: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Bx - i By of a loop whose axis points along `angle` in the x-y plane, up to a constant."""
    turn = torch.arange(SEGMENTS + 1, dtype=torch.float64) * (2 * math.pi / SEGMENTS)
    across, up = radius * turn.cos(), radius * turn.sin()
    wire = (centre[0] - across * math.sin(angle), centre[1] + across * math.cos(angle), centre[2] + up)
    field: Tensor | float = 0.0
    for i in range(SEGMENTS):
        lx, ly, lz = (float(w[i + 1] - w[i]) for w in wire)
        rx, ry, rz = (p - float(w[i + 1] + w[i]) / 2 for w, p in zip(wire, at, strict=True))
        distance = (rx * rx + ry * ry + rz * rz + 1e-3) ** 1.5
        field = field + torch.complex((ly * rz - lz * ry) / distance, -(lz * rx - lx * rz) / distance)
    assert isinstance(field, Tensor)
    return field
