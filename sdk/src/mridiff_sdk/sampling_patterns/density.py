"""Density compensation of trajectories that turn copies of one arm about the origin: areas of polar cells."""

from __future__ import annotations

import math

import torch
from torch import Tensor

GOLDEN = (math.sqrt(5) - 1) / 2  # the golden section, as a part of the period of the angle


def angles(count: int, period: float, golden: bool, first: int) -> Tensor:
    """Angles of `count` arms, (arm,), float64, radians in [0, period): even, or golden steps from arm number `first` on."""
    index = torch.arange(first, first + count, dtype=torch.float64)
    return (index * GOLDEN % 1 if golden else index / count % 1) * period


def angular_shares(angle: Tensor, period: float) -> Tensor:
    """The part of the period that each arm stands for, (arm,): half the gaps to its two neighbours; sums to the period."""
    order = angle.argsort()
    ordered = angle[order]
    gaps = torch.diff(ordered, append=ordered[:1] + period)
    shares = torch.empty_like(angle)
    shares[order] = (gaps + gaps.roll(1)) / 2
    return shares


def ring_areas(radius: Tensor, outer: float) -> Tensor:
    """Area per radian of the rings around increasing radii, (sample,): bounded half-way between them, from 0 to `outer`."""
    middle = (radius[1:] + radius[:-1]) / 2
    bounds = torch.cat((radius.new_zeros(1), middle, radius.new_full((1,), outer)))
    return torch.diff(bounds**2) / 2
