"""Together: image and poses at once, and what they leave of the data."""

from __future__ import annotations

from torch import Tensor

from mridiff.interfaces import Problem
from mridiff_sdk.nuisance import jointly

from .shots import at, in_motion

ITERATIONS = 40
"""Conjugate gradients of the image by which a motion is judged, at most."""


def together(problem: Problem, x0: Tensor, r: float, motion: Tensor, steps: int, iterations: int) -> Tensor:
    """The motion (1, shot, 3) of argmin |A_phi x - y|^2 / sigma_y^2 + |x - x0|^2 / r^2 over both, after `steps` from `motion`."""
    A = in_motion(problem)
    found, _ = jointly(problem, lambda m: at(problem, m).linear, A.taken, x0, r, motion, steps=steps, iterations=iterations)
    return A.nuisance["motion"].project(found)


def left(problem: Problem, x0: Tensor, r: float, motion: Tensor) -> float:
    """The least sum over images at a motion (1, shot, 3)."""
    A = in_motion(problem)
    return float(jointly(problem, lambda m: at(problem, m).linear, A.taken, x0, r, motion, steps=0, iterations=ITERATIONS)[1])
