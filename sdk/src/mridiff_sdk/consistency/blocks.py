"""One problem per block: where slices of the unknown are measured apart, each by an operator and with a noise of its own."""

from __future__ import annotations

from dataclasses import replace

from mridiff.interfaces import BlockOperator, Blocks, Problem


def separate(problem: Problem) -> list[Problem]:
    """The problems of the slices of a block problem, in the order of its axis: x = (x_1, x_2, ...) and each y_i = A_i(x_i) + n_i.

    The likelihood of x is the product of theirs. Raises TypeError where the operator has no blocks, or a scale for each number of x.
    """
    A, y, noise = problem.A, problem.y, problem.noise
    if not isinstance(A, BlockOperator) or not isinstance(noise, Blocks) or not isinstance(y, tuple):
        raise TypeError(f"this problem has no blocks: its operator is {type(A).__name__} and its noise {type(noise).__name__}")
    return [replace(problem, A=part, y=block, noise=n, space=part.domain) for part, block, n in zip(A.parts, y, noise.parts, strict=True)]  # type: ignore[arg-type]
