"""A step on the poses of all shots at the maps as they are: Gauss-Newton, since a shot's samples depend on its own pose alone."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mridiff.interfaces import Problem
from mridiff_operators.motion_and_maps import MotionAndMapsSense
from mridiff_sdk.nuisance import Tangent


def refined(A: MotionAndMapsSense, problem: Problem, x: Tensor, phi: Mapping[str, Tensor], most: float) -> Tensor:
    """The motion (sample, shot, 3) a step nearer to the least |A x - y|^2, of `most` degrees and pixels at most, in bounds and gauge."""
    motion = phi["motion"]
    seen = A.at(phi)(x)
    tangent = Tangent(lambda m: A.at({**phi, "motion": m}), A.motion.taken, x, motion, seen)
    move = tangent.poses(problem.y - seen)
    move = move * (most / move.abs().amax(2, keepdim=True).clamp_min(most))
    return A.nuisance["motion"].project(motion + move)
