"""Fit: the pose of every shot at which an image explains what the shot measured."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.interfaces import Problem
from mridiff_sdk.nuisance import Tangent

from .shots import at, in_motion

DAMPING = 0.01
"""Of the first step, over the curvature of each number."""
FARTHEST = 2.0
"""Degrees and pixels that one step goes at most: the reach of a tangent."""


def fitted(problem: Problem, x: Tensor, motion: Tensor, steps: int) -> Tensor:
    """argmin |y_s - A_s(motion_s) x|^2 for every shot s, from `motion` (1, shot, 3), at an image x (1, y, x) held fixed.

    Each shot has a pose of its own, so all take their step of Gauss and Newton at once: four calls of A. A step that makes a shot's
    misfit larger is not taken, and the next is damped more. Source: Levenberg 1944; Marquardt 1963.
    """
    taken, y = in_motion(problem).taken, problem.y
    assert isinstance(y, Tensor)
    damping = torch.full_like(motion[..., 0], DAMPING)
    seen = at(problem, motion).linear(x)
    for _ in range(steps):
        tangent = Tangent(lambda m: at(problem, m).linear, taken, x, motion, seen)
        way = tangent.poses(y - seen, damping)
        moved = motion + way * (FARTHEST / way.abs().amax(-1, keepdim=True).clamp_min(FARTHEST))
        then = at(problem, moved).linear(x)
        better = misfit(problem, then) < misfit(problem, seen)
        motion = torch.where(better[..., None], moved, motion)
        seen = torch.where(torch.einsum("nskl,ns->nkl", taken, better.to(taken.dtype))[:, None] > 0, then, seen)
        damping = torch.where(better, damping / 4, 4 * damping + 0.1)
    return motion


def misfit(problem: Problem, seen: Tensor) -> Tensor:
    """|y_s - seen_s|^2 of every shot, (sample, shot)."""
    off: Tensor = problem.y - seen  # type: ignore[operator]
    return torch.einsum("nskl,nckl->ns", in_motion(problem).taken, off.abs().square())
