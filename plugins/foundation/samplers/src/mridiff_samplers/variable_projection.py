"""Variable projection: the least-squares image together with what is unknown of its acquisition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import ParametricOperator, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import conjugate_gradients

from .least_squares import for_samples, normal_equations, weight_of

__all__ = ["VariableProjection"]


class VariableProjection(Sampler):
    """argmin over x and phi of |A_phi x - y|^2 + l2 |x|^2: image and unknowns of an acquisition (rates, coil maps, motion, a kernel).

    At every phi x is the least-squares image, by conjugate gradients from the one before, so that what is left depends on phi alone; its
    gradient is the one at that x. phi follows it by L-BFGS, each quantity in its own `step_scale`, always within its bounds and gauge.
    It has no prior: an estimate beside which those with one are to be seen. Raises DataError for an operator without unknowns.
    Sources: Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973; Liu and Nocedal, Math. Program. 45, 1989.
    """

    def __init__(self, *, steps: Annotated[int, Ge(1), "of L-BFGS on the unknowns"] = 40,
                 iterations: Annotated[int, Ge(1), "conjugate gradients on the image for each look at the misfit"] = 10,
                 l2: Annotated[float, Ge(0), "weight of |x|^2 beside |A x - y|^2"] = 0.003) -> None:  # fmt: skip
        super().__init__()
        self.steps, self.iterations, self.l2 = steps, iterations, l2

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step for each of L-BFGS; `nuisance` holds the unknowns."""
        A = problem.operator
        if not isinstance(A, ParametricOperator):
            raise DataError(f"{type(A).__name__} has nothing unknown", hint="Use cg-sense, or an operator such as relaxation-sense.")
        u = {name: torch.zeros_like(value, requires_grad=True) for name, value in A.start().items()}
        lbfgs = torch.optim.LBFGS([*u.values()], max_iter=1, max_eval=10, history_size=10, line_search_fn="strong_wolfe")
        x: Tensor | None = None

        def phi() -> dict[str, Tensor]:
            return {name: n.project(n.start + n.step_scale * u[name]) for name, n in A.nuisance.items()}

        def misfit() -> Tensor:
            nonlocal x
            lbfgs.zero_grad()
            with torch.enable_grad():
                now = phi()
                x = self._image(problem, A, {name: value.detach() for name, value in now.items()}, x)
                left: Tensor = self._squares(problem, A.at(now)(x), x)
                left.backward()
            return left.detach()

        for i in range(self.steps):
            lbfgs.step(misfit)
            found = {name: value.detach() for name, value in phi().items()}
            x = self._image(problem, A, found, x)
            yield Step(i, self.steps, for_samples(x, rng), nuisance={name: for_samples(value, rng) for name, value in found.items()})

    def _image(self, problem: Problem, A: ParametricOperator, phi: Mapping[str, Tensor], x: Tensor | None) -> Tensor:
        """The least-squares image (sample, *domain) at phi."""
        H, b = normal_equations(replace(problem, A=A.at(phi)))
        return conjugate_gradients(lambda v: H(v) + self.l2 * v, b, x, iterations=self.iterations)

    def _squares(self, problem: Problem, seen: Tensor, x: Tensor) -> Tensor:
        """|w^(1/2) (A x - y)|^2 + l2 |x|^2 over |y|^2, of all samples."""
        weight = weight_of(problem)
        assert isinstance(problem.y, Tensor)
        off = ((1.0 if weight is None else weight) * (seen - problem.y).abs().square()).sum() + self.l2 * x.abs().square().sum()
        return off / problem.y.abs().square().sum()
