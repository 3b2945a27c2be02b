"""Recover: shots that were left at a wrong pose are looked for everywhere, each by an image of all others."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from mridiff.interfaces import Problem
from mridiff_sdk.consistency import proximal
from mridiff_sdk.nuisance import jointly
from mridiff_sdk.reverse import Reverse

from .fit import fitted, misfit
from .search import searched
from .shots import at, in_motion, part

ENOUGH = 1.05
"""What is left of the data at the right poses, over the variance of the noise, at most; without known noise no shot is beyond doubt."""

NEAR = 0.5
"""Degrees and pixels within which a pose that was looked for everywhere is the one that the shot had."""


def recovered(problem: Problem, chain: Reverse, x0: Tensor, motion: Tensor, t: float, *,
              fits: int, joint: int, iterations: int) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Image (1, y, x) and motion (1, shot, 3) after shots at a wrong pose were found, one by one, the worst explained first.

    For a shot in doubt: x = argmin |A_phi x - y|^2 / sigma_y^2 + |x - x0|^2 / r^2 over all other shots, then D(x + t n), and of all poses
    that at which this image explains the shot; then image and all poses together. It is taken where less is left of the data; the search
    ends where no shot has such a pose, or where no more is left than noise. Since each try has an image of its own, which says something
    of its pose, the end is set beside the beginning once more, each with the image of all shots.
    """
    A, r, shots = in_motion(problem), chain.uncertainty(t), torch.arange(motion.shape[1])
    together = partial(jointly, problem, lambda m: at(problem, m).linear, A.taken, r=r, iterations=iterations)
    enough = ENOUGH * float(A.taken.sum()) * A.maps.shape[1] * (problem.noise.std or 0.0) ** 2  # type: ignore[attr-defined]

    def image(problem: Problem) -> Tensor:
        x = proximal(problem, x0, r, iterations=iterations, tolerance=None)
        return chain.x0(chain.noised(x, t), t)

    def left(motion: Tensor) -> float:
        return float(together(image(at(problem, motion)), motion=motion, steps=0)[1])

    first, least = together(x0, motion=motion, steps=joint)
    motion, doubted = first, _worst_first(problem, first, x0)
    while doubted and float(least) > enough:
        s, *doubted = doubted
        one, others = part(problem, shots[s : s + 1]), shots[shots != s]
        seen = image(at(part(problem, others), motion[:, others]))
        pose = fitted(one, seen, searched(one, seen), fits)
        if bool((pose - motion[:, s]).abs().max() < NEAR):
            continue
        found, now = together(seen, motion=motion.index_copy(1, shots[s : s + 1], pose), steps=joint)
        if float(now) < float(least):
            motion, least, x0 = found, now, seen
            doubted = _worst_first(problem, motion, x0)
    motion = motion if motion is first or left(motion) < left(first) else first
    return image(at(problem, motion)), motion


def _worst_first(problem: Problem, motion: Tensor, x: Tensor) -> list[int]:
    """The numbers of the shots, that first of whose samples an image explains the least."""
    off = misfit(problem, at(problem, motion).linear(x)) / in_motion(problem).taken.sum((2, 3))
    return [int(s) for s in off[0].argsort(descending=True)]
