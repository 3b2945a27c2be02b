"""Zero-filled reconstruction: the first look at x, the adjoint where samples lie on a grid."""

from __future__ import annotations

from collections.abc import Iterator

from mridiff.interfaces import Problem, Sampler, Step, Streams

from .least_squares import for_samples

__all__ = ["ZeroFilled"]


class ZeroFilled(Sampler):
    """x = A^H y: what was not measured counts as zero; the gridded image of a trajectory."""

    def __init__(self) -> None:
        super().__init__()

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step, one first look."""
        yield Step(0, 1, for_samples(problem.linear.rough(problem.y), rng))
