"""One problem per block: where slices of the unknown are measured apart, each by an operator and with a noise of its own."""

from __future__ import annotations

from dataclasses import replace

from mridiff.interfaces import Blocks, Problem

from ..operators import Block, slices


def separate(problem: Problem) -> list[Problem]:
    """The problems of the slices of a block problem, in the order of its axis: x = (x_1, x_2, ...) and each y_i = A_i(x_i) + n_i.

    The likelihood of x is the product of theirs. Raises TypeError where the operator has no blocks.
    """
    A, y, noise = problem.A, problem.y, problem.noise
    if not isinstance(A, Block) or not isinstance(noise, Blocks) or not isinstance(y, tuple):
        raise TypeError(f"this problem has no blocks: its operator is {type(A).__name__} and its noise {type(noise).__name__}")
    scales = slices(problem.scale, problem.space)
    return [replace(problem, A=part, y=block, noise=n, space=part.domain, scale=c)  # type: ignore[arg-type]
            for part, block, n, c in zip(A.parts, y, noise.parts, scales, strict=True)]  # fmt: skip
