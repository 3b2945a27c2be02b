"""Total variation by the alternating direction method of multipliers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.interfaces import Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import conjugate_gradients
from mridiff_sdk.operators import FiniteDifferences

from .least_squares import for_samples, largest, normal_equations, peak

__all__ = ["TotalVariation"]

JUMP = 0.1
"""The change from pixel to pixel, relative to the largest value of the image, from which on a first iteration keeps it."""


class TotalVariation(Sampler):
    """argmin_x 1/2 |A x - y|^2 + weight max|A^H y| sum |grad x|, isotropic, for complex x, over its spatial axes, by ADMM.

    The split z = grad x makes x the solution of a linear system, a few conjugate gradients from the last x. The penalty on the split
    follows from the weight and the scale of the measurement. A primal-dual method that only multiplies by A^H A takes some ten
    times as many of them, since what was not measured then changes by the small weight at most.
    Sources: Rudin, Osher, Fatemi, 1992 (the variation); Goldstein, Osher, The split Bregman method, 2009, section 4 (the iteration).
    """

    def __init__(self, *, weight: Annotated[float, Gt(0), "weight of the variation, relative to the largest value of |A^H y|"] = 0.001,
                 iterations: Annotated[int, Ge(1), "iterations"] = 30,
                 inner: Annotated[int, Ge(1), "conjugate gradient iterations in each"] = 5) -> None:  # fmt: skip
        super().__init__()
        self.weight, self.iterations, self.inner = weight, iterations, inner

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per iteration."""
        H, b = normal_equations(problem)
        D = FiniteDifferences(problem.space)
        L = largest(H, b).clamp_min(torch.finfo(b.real.dtype).eps)
        x = b / L
        shrinkage = JUMP * peak(x)[:, None]
        rho = self.weight * L / JUMP

        def system(v: Tensor) -> Tensor:
            return H(v) + rho * D.normal(v)

        z = D.forward(x)
        u = torch.zeros_like(z)
        for i in range(self.iterations):
            x = conjugate_gradients(system, b + rho * D.adjoint(z - u), x, iterations=self.inner)
            g = D.forward(x) + u
            length = g.abs().square().sum(1, keepdim=True).sqrt()  # a norm of torch over an axis that is not the last is ten times slower
            z = g * (1 - shrinkage / length.clamp_min(torch.finfo(length.dtype).tiny)).clamp_min_(0)
            u = g - z
            yield Step(i, self.iterations, for_samples(x, rng))
