"""Random motions of a head during a scan, one pose per shot."""

from __future__ import annotations

from math import pi
from typing import Literal

import torch
from torch import Tensor

from mridiff.interfaces import Streams

from .gauge import centred

Kind = Literal["uniform", "walk", "smooth", "steps"]
KINDS: tuple[Kind, ...] = ("uniform", "walk", "smooth", "steps")

JUMPS = 2
"""Sudden changes of pose during a scan of kind "steps"."""
WAVES = 4
"""A motion of kind "smooth" is a sum of cosines of at most this many half waves during the scan."""


def draw(kind: Kind, shots: int, rotation: float, shift: float, rng: Streams) -> Tensor:
    """Poses (sample, shot, 3) = (degrees, pixels along y and x), mean pose zero, in double precision.

    uniform: every shot for itself, within +-rotation and +-shift before the mean is taken out; walk: normal increments, scaled so that
    the farthest pose has that size; smooth: slow waves, scaled so too; steps: a few sudden changes between poses drawn uniformly.
    """
    size = torch.tensor([rotation, shift, shift], dtype=torch.float64)
    if kind == "uniform":
        poses = 2 * rng.uniform((shots, 3), torch.float64) - 1
    elif kind in {"walk", "smooth"}:
        if kind == "walk":
            poses = rng.normal((shots, 3), torch.float64).cumsum(1)
        else:
            waves = torch.cos((torch.arange(shots, dtype=torch.float64)[:, None] + 0.5) * torch.arange(1, WAVES + 1) * (pi / shots))
            poses = waves @ rng.normal((WAVES, 3), torch.float64)
        poses = poses - poses.mean(1, keepdim=True)
        poses = poses / poses.abs().amax(1, keepdim=True).clamp_min(1e-12)
    else:
        few = 2 * rng.uniform((JUMPS + 1, 3), torch.float64) - 1
        when = (torch.arange(shots)[:, None] >= 1 + rng.integers(0, max(1, shots - 1), (1, JUMPS))).sum(-1)
        poses = few.gather(1, when[..., None].expand(-1, -1, 3))
    return centred(poses * size)
