"""The unknown motion of a problem, and what stands before it is found."""

from __future__ import annotations

from dataclasses import replace

from mridiff.errors import DataError
from mridiff.interfaces import ParametricOperator, Problem


def parametric(problem: Problem) -> ParametricOperator:
    """The operator of a problem, if it has an unknown to be estimated; raises DataError otherwise."""
    A = problem.operator
    if not isinstance(A, ParametricOperator) or "motion" not in A.nuisance:
        raise DataError(f"{type(A).__name__} has no unknown motion", hint="Use an operator such as rigid-motion-sense.")
    return A


def at_start(problem: Problem, A: ParametricOperator) -> Problem:
    """The problem at the motion that an estimate begins with: what a prior's conditions are computed from."""
    return replace(problem, A=A.at(A.start()))
