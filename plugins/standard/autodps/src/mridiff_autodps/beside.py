"""What the method is set beside: a classical alternating fit."""

from __future__ import annotations

from typing import Any

import torch

from mridiff.interfaces import Problem, Scan, Streams
from mridiff_operators.motion import RigidMotionSense
from mridiff_samplers.tv import TotalVariation

from .fit import fitted
from .shots import at, in_motion

ROUNDS = 8
"""Of the alternating fit."""


@torch.no_grad()
def alternating_tv(scan: Scan, seed: int) -> Any:
    """Image by total variation at the present motion and motion by the present image in turn, each fitted to all shots."""
    problem = Problem.of(RigidMotionSense.for_scan(scan.measured), scan.measured)
    n, tv = in_motion(problem).nuisance["motion"], TotalVariation(iterations=6)
    motion = n.start
    for _ in range(ROUNDS):
        x = tv(at(problem, motion), Streams.of(seed, scan.id))
        motion = n.project(fitted(problem, x, motion, 2))
    return TotalVariation()(at(problem, motion), Streams.of(seed, scan.id))
