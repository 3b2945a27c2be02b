"""Shots: the part of a problem that some of its shots measured, at one pose each."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Problem
from mridiff_operators.motion import RigidMotionSense


def in_motion(problem: Problem) -> RigidMotionSense:
    """The operator of a problem whose shots have unknown poses; raises DataError for any other."""
    if not isinstance(problem.operator, RigidMotionSense):
        raise DataError(f"{type(problem.operator).__name__} has no shots in unknown poses", hint="Use rigid-motion-sense.")
    return problem.operator


def part(problem: Problem, shots: Tensor) -> Problem:
    """What the `shots`, numbers (k,), measured: y is 0 elsewhere, and the motion of its operator is (sample, k, 3), in their order."""
    A, y = in_motion(problem), problem.y
    assert isinstance(y, Tensor)
    taken = A.taken[:, shots]
    numbers = torch.arange(1, len(shots) + 1, dtype=taken.dtype, device=taken.device)
    names = (numbers[:, None, None] * taken).sum(1) - 1
    return replace(problem, A=RigidMotionSense(A.maps, names, A.coils), y=taken.sum(1, keepdim=True) * y)


def at(problem: Problem, motion: Tensor) -> Problem:
    """The problem at known poses (1 or sample, shot, 3)."""
    return replace(problem, A=in_motion(problem).at({"motion": motion}))
