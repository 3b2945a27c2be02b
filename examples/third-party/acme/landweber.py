"""Gradient descent with momentum."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge

from mridiff.interfaces import Problem, Sampler, Step, Streams


class Landweber(Sampler):
    """x <- z - A^H (A z - y) / |A|^2 with Nesterov's momentum in z; few iterations regularise.

    Source: Nesterov, A method for solving the convex programming problem with convergence rate O(1/k^2), 1983.
    """

    def __init__(self, *, iterations: Annotated[int, Ge(1), "gradient steps"] = 12) -> None:
        super().__init__()
        self.iterations = iterations

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per gradient step."""
        A = problem.linear
        b, size = A.H(problem.y), A.norm() ** 2
        x = z = b / size
        for i in range(self.iterations):
            following = z - (A.gram(z) - b) / size
            x, z = following, following + i / (i + 3) * (following - x)
            yield Step(i, self.iterations, x.expand(len(rng), *x.shape[1:]))
