"""The unknown motion of a problem, and what stands before it is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import ParametricOperator, Problem
from mridiff_sdk.nuisance import settled

ERROR = 0.1
"""What the image of the last level may be off by, in units of the prior's images: it is behind what the data tell of it."""


def parametric(problem: Problem) -> ParametricOperator:
    """The operator of a problem, if it has an unknown to be estimated; raises DataError otherwise."""
    A = problem.operator
    if not isinstance(A, ParametricOperator) or "motion" not in A.nuisance:
        raise DataError(f"{type(A).__name__} has no unknown motion", hint="Use an operator such as rigid-motion-sense.")
    return A


def at_start(problem: Problem, A: ParametricOperator) -> Problem:
    """The problem at the motion that an estimate begins with: what a prior's conditions are computed from."""
    return replace(problem, A=A.at(A.start()))


def brought_home(problem: Problem, A: ParametricOperator, phi: Mapping[str, Tensor], x0: Tensor, steps: int) -> dict[str, Tensor]:
    """The unknowns after steps on motion and image together, from the image x0 (sample, y, x) at which the chain leaves them.

    They stay as they are for an operator that does not say which samples are of a shot (`taken`), and without steps.
    """
    taken = getattr(A, "taken", None)
    if taken is None or not steps:
        return dict(phi)
    motion = settled(problem, lambda m: A.at({**phi, "motion": m}), taken, A.nuisance["motion"], x0, ERROR, phi["motion"], steps=steps)
    return {**phi, "motion": motion}
