"""CG-SENSE: least squares by conjugate gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge

from mridiff.interfaces import Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import conjugate_gradients

from .least_squares import for_samples, normal_equations

__all__ = ["CGSense"]


class CGSense(Sampler):
    """argmin_x |A x - y|^2 + l2 |x|^2 by conjugate gradients from zero; few iterations regularise too.

    Source: Pruessmann, Weiger, Boernert, Boesiger, Advances in sensitivity encoding with arbitrary k-space trajectories, 2001.
    """

    def __init__(self, *, iterations: Annotated[int, Ge(1), "conjugate gradient iterations at most"] = 20,
                 l2: Annotated[float, Ge(0), "weight of |x|^2 beside |A x - y|^2"] = 0.003,
                 tolerance: Annotated[float, Ge(0), "relative residual at which to stop"] = 1e-6) -> None:  # fmt: skip
        super().__init__()
        self.iterations, self.l2, self.tolerance = iterations, l2, tolerance

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step: the solution."""
        H, b = normal_equations(problem)
        damped = (lambda x: H(x) + self.l2 * x) if self.l2 else H
        x = conjugate_gradients(damped, b, iterations=self.iterations, tolerance=self.tolerance)
        yield Step(0, 1, for_samples(x, rng))
