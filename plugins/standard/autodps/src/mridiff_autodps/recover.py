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
    that at which this image explains the shot; then image and all poses together. It is taken where less is left of the data than with the
    pose that the shot had; the search ends where no shot has a better one, or where no more is left than noise.
    """
    A, r, shots = in_motion(problem), chain.uncertainty(t), torch.arange(motion.shape[1])
    solve = partial(proximal, r=r, iterations=iterations, tolerance=None)
    together = partial(jointly, problem, lambda m: at(problem, m).linear, A.taken, r=r, steps=joint, iterations=iterations)
    enough = ENOUGH * float(A.taken.sum()) * A.maps.shape[1] * (problem.noise.std or 0.0) ** 2  # type: ignore[attr-defined]
    (motion, least), doubted = together(x0, motion=motion), _worst_first(problem, motion, solve(at(problem, motion), x0))
    while doubted and float(least) > enough:
        s, *doubted = doubted
        one, others = part(problem, shots[s : s + 1]), shots[shots != s]
        image = chain.x0(chain.noised(solve(at(part(problem, others), motion[:, others]), x0), t), t)
        pose = fitted(one, image, searched(one, image), fits)
        if bool((pose - motion[:, s]).abs().max() < NEAR):
            continue
        (_, here), (there, left) = together(image, motion=motion), together(image, motion=motion.index_copy(1, shots[s : s + 1], pose))
        if float(left) < float(here):
            motion, least, x0 = there, left, image
            doubted = _worst_first(problem, motion, solve(at(problem, motion), x0))
    return chain.x0(chain.noised(solve(at(problem, motion), x0), t), t), motion


def _worst_first(problem: Problem, motion: Tensor, x: Tensor) -> list[int]:
    """The numbers of the shots, that first of whose samples an image explains the least."""
    off = misfit(problem, at(problem, motion).linear(x)) / in_motion(problem).taken.sum((2, 3))
    return [int(s) for s in off[0].argsort(descending=True)]
