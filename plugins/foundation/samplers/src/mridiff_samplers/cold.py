"""What the samplers of cold diffusions share: the times at which something comes back, and the loop over them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from mridiff.interfaces import Diffusion, Prior, Problem, Step, Streams
from mridiff_sdk.consistency.replacement import replacement
from mridiff_sdk.diffusions.fourier import FourierDiffusion
from mridiff_sdk.diffusions.step import Rule, cold, residual, step


def revealing_times(diffusion: Diffusion, steps: int, like: Tensor) -> list[float]:
    """steps + 1 times from 1 to 0, less those between which no frequency comes back, so that no call of a prior is wasted.

    `like` is a state (sample, ..., y, x). A fully sampled scan has the time 1 alone.
    """
    times = [(steps - i) / steps for i in range(steps + 1)]
    if not isinstance(diffusion, FourierDiffusion):
        return times
    kept, gain = times[:1], diffusion.gain(times[0], like)
    for t in times[1:]:
        following = diffusion.gain(t, like)
        if not torch.equal(following, gain):
            kept, gain = [*kept, t], following
    return kept


def cold_chain(prior: Prior, problem: Problem, rng: Streams, steps: int, *, rule: Rule = cold, memory: float = 0.0,
               hard: bool = True) -> Iterator[Step]:  # fmt: skip
    """Undo a loss of frequencies, from the zero-filled state at t = 1: x0 = prior(x_t, t), x_s = mean(x0, s) + r (x_t - mean(x0, t)).

    With the row `cold` (r = 1) only frequencies that come back are written; with `renoise` (r = 0) all are. Each estimate is mixed
    with those before, x0 <- memory x0_before + (1 - memory) x0. The last x0 is the state itself, with the measured samples put
    back if `hard` (exact where A A^H y = y). Sources: Bansal et al., Cold diffusion, NeurIPS 2023, algorithms 1 and 2.
    """
    conditions = prior.conditions(problem)
    diffusion = prior.diffusion.bind(problem, rng)
    start = problem.linear.H(problem.y)
    x_t = prior.codec.encode(start.expand(len(rng), *start.shape[1:]), conditions)
    times = revealing_times(diffusion, steps, x_t)
    # Of a zero-filled image this changes the rounding alone: what a prior in k-space finds missing is exactly zero.
    x_t = diffusion.mean(x_t, times[0])
    if len(times) == 1:
        yield Step(0, 1, prior.codec.decode(x_t, conditions), times[0], x=x_t)
    mixed: Tensor | None = None
    for i, (t, s) in enumerate(pairwise(times)):
        x0 = prior(x_t, t, conditions, rng)
        mixed = x0 if mixed is None else memory * mixed + (1 - memory) * x0
        x_t = step(diffusion, mixed, residual(diffusion, x_t, mixed, t), s, *rule(diffusion, t, s), rng)
        done = i == len(times) - 2
        x = prior.codec.decode(x_t if done else mixed, conditions)
        yield Step(i, len(times) - 1, replacement(problem, x) if done and hard else x, s, x=x_t)
