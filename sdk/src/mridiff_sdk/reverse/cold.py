"""The loop of cold diffusions: a loss of frequencies undone time by time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Step, Streams

from ..consistency.replacement import replacement
from ..diffusions.step import Rule, cold
from .process import Reverse


def revealing_times(chain: Reverse, steps: int, like: Tensor) -> list[float]:
    """steps + 1 times from 1 to 0, less those between which nothing comes back, so that no call of a prior is wasted.

    `like` is a state (sample, *prior.space). A fully sampled scan has the time 1 alone.
    """
    times = [(steps - i) / steps for i in range(steps + 1)]
    probe = chain.rng.child("probe").normal_like(like)  # something of everything that can be lost
    kept, left = times[:1], chain.diffusion.mean(probe, times[0])
    for t in times[1:]:
        following = chain.diffusion.mean(probe, t)
        # At time 0 a diffusion may answer with its argument itself, so rounding must not count as something that comes back.
        if not torch.allclose(following, left, rtol=0, atol=1e-5):
            kept, left = [*kept, t], following
    return kept


def cold_chain(prior: Prior, problem: Problem, rng: Streams, steps: int, *, rule: Rule = cold, memory: float = 0.0,
               hard: bool = True, trust: float = 0.0) -> Iterator[Step]:  # fmt: skip
    """Undo a loss of frequencies, from the zero-filled state at t = 1: x0 = prior(x_t, t), x_s = mean(x0, s) + r (x_t - mean(x0, t)).

    With the row `cold` (r = 1) only frequencies that come back are written; with `renoise` (r = 0) all are. Each estimate is mixed
    with those before, x0 <- memory x0_before + (1 - memory) x0. Measured samples enter every estimate by `trust`, x0 <- x0 + trust
    A^H (y - A x0), and are put back into the last x0, which is the state itself, if `hard` (exactly where A A^H y = y).
    Sources: Bansal et al., Cold diffusion, NeurIPS 2023, algorithms 1 and 2.
    """
    chain = Reverse(prior, problem, rng)
    start = problem.linear.H(problem.y)
    x_t = chain.encode(start.expand(len(rng), *start.shape[1:]))
    times = revealing_times(chain, steps, x_t)
    # Of a zero-filled image this changes the rounding alone: what a prior in k-space finds missing is exactly zero.
    x_t = chain.diffusion.mean(x_t, times[0])
    if len(times) == 1:
        yield Step(0, 1, chain.decode(x_t), times[0], x=x_t)
    mixed: Tensor | None = None
    for i, (t, s) in enumerate(pairwise(times)):
        u0 = chain.u0(x_t, t)
        mixed = u0 if mixed is None else memory * mixed + (1 - memory) * u0
        if trust:
            mixed = chain.encode(replacement(problem, chain.decode(mixed), trust))
        x_t = chain.step(x_t, mixed, t, s, rule)
        done = i == len(times) - 2
        x = chain.decode(x_t if done else mixed)
        yield Step(i, len(times) - 1, replacement(problem, x) if done and hard else x, s, x=x_t)
