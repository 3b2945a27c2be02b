"""Spiral trajectories: interleaved arms that leave the origin."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mridiff.errors import ConfigError, Mistake

from .density import angles, angular_shares, ring_areas


def spiral(
    arms: int,
    readout: int,
    extent: float,
    *,
    turns: float | None = None,
    density: float = 1.0,
    golden: bool = False,
    first: int = 0,
) -> tuple[Tensor, Tensor]:
    """A spiral trajectory and its density weights: (arm, readout, 2) and (arm, readout), float32.

    The last axis is (ky, kx) in cycles per field of view; arms end at radius extent/2. With `turns` = extent / (2 arms), the default,
    neighbouring turns are one cycle apart (Nyquist) when `density` is 1; larger values of `density` crowd the turns near the
    origin, radius ~ angle^density. Samples lie evenly along the arm. The weights are areas in (cycles per field of view)^2, so
    a Cartesian sample has weight 1. Golden rotation and `first` work as in `radial`. Raises ConfigError.
    """
    turns = extent / (2 * arms) if turns is None and arms > 0 else turns
    if arms < 1 or readout < 2 or extent <= 0 or density <= 0 or turns is None or turns <= 0:
        what = f"{arms} arms of {readout} samples, {turns} turns over {extent} cycles with density {density} are not a trajectory"
        raise ConfigError([Mistake("spiral", what)])
    radius, phase = _arm(readout, extent / 2, turns, density)
    angle = angles(arms, 2 * math.pi, golden, first)
    turned = phase + angle[:, None]
    trajectory = radius[:, None] * torch.stack((turned.sin(), turned.cos()), dim=-1)
    weights = angular_shares(angle, 2 * math.pi)[:, None] * ring_areas(radius, extent / 2)
    return trajectory.float(), weights.float()


def _arm(readout: int, end: float, turns: float, density: float) -> tuple[Tensor, Tensor]:
    """Radius and angle of one arm, (readout,), evenly spaced in arc length (by inverting a finely sampled length)."""
    fine = torch.linspace(0, 1, 32 * readout + 1, dtype=torch.float64)
    points = end * fine**density * torch.exp(2j * math.pi * turns * fine)
    length = torch.cat((fine.new_zeros(1), points.diff().abs().cumsum(0)))
    wanted = torch.linspace(0, 1, readout, dtype=torch.float64) * length[-1]
    right = torch.searchsorted(length, wanted).clamp(1, len(length) - 1)
    part = (wanted - length[right - 1]) / (length[right] - length[right - 1])
    tau = fine[right - 1] + part * (fine[right] - fine[right - 1])
    return end * tau**density, 2 * math.pi * turns * tau
