"""Radial trajectories: full diameters through the origin of k-space."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mridiff.errors import ConfigError, Mistake

from .density import angles, angular_shares, ring_areas


def radial(spokes: int, readout: int, extent: float, *, golden: bool = True, first: int = 0) -> tuple[Tensor, Tensor]:
    """A radial trajectory and its density weights: (spoke, readout, 2) and (spoke, readout), float32.

    The last axis is (ky, kx) in cycles per field of view. A spoke runs from -extent/2 to just below extent/2 in `readout` even
    steps and passes the origin at sample readout // 2; with `extent` = n it covers an n x n grid. Golden angles advance by 111.25
    degrees (Winkelmann et al., IEEE TMI 26, 2007) and go on where an earlier frame stopped if `first` is its end. The weights are
    areas in (cycles per field of view)^2, so a Cartesian sample has weight 1 and the orthonormal adjoint needs no further factor.
    Raises ConfigError.
    """
    if spokes < 1 or readout < 2 or extent <= 0:
        raise ConfigError([Mistake("radial", f"{spokes} spokes of {readout} samples over {extent} cycles is not a trajectory")])
    step = extent / readout
    k = (torch.arange(readout, dtype=torch.float64) - readout // 2) * step
    angle = angles(spokes, math.pi, golden, first)
    trajectory = k[:, None] * torch.stack((angle.sin(), angle.cos()), dim=-1)[:, None, :]
    positive = torch.arange(readout // 2 + 1, dtype=torch.float64) * step
    area = ring_areas(positive, float(positive[-1]) + step / 2)
    area[0] *= 2  # the sample at the origin stands for both halves of its spoke
    weights = angular_shares(angle, math.pi)[:, None] * area[(torch.arange(readout) - readout // 2).abs()]
    return trajectory.float(), weights.float()
