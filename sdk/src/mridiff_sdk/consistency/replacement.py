"""Put measured values in place of estimated ones."""

from __future__ import annotations

from torch import Tensor

from mridiff.interfaces import Problem, spread


def replacement(problem: Problem, x: Tensor, weight: float | Tensor = 1.0) -> Tensor:
    """x + weight A^H (y - A x), (sample, *domain); `weight` is a number or (sample,), 1 / (1 + lambda) for a soft blend.

    With weight 1 and A A^H y = y on what is measured (Cartesian sampling of one coil, of each coil, or with coil maps of unit
    root-sum-of-squares in single-coil space) measured values are met exactly; otherwise this is one gradient step. No mask is needed.
    """
    A = problem.linear
    y, Ax = problem.y, A(x)
    r = tuple(b - a for a, b in zip(Ax, y, strict=True)) if isinstance(y, tuple) else y - Ax
    back: Tensor = A.H(r)
    return x + spread(weight, x) * back
