"""heat-diffusion: blur and noise are undone together, level by level, from a blurred first reconstruction."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Diffusion, Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import misfit_gradient, proximal
from mridiff_sdk.diffusions import RULES, Row, uniform
from mridiff_sdk.reverse import Reverse

from .quality import studied_rate


class HeatDiffusion(Sampler):
    """x0 = R(x_t, t);  x0 <- x0 - rate J^H A^H (A x0 - y);  x_s = G_s x0 + (sigma_s / sigma_t)^2 (x_t - G_t x0) + tau z.

    From x_t = G_t x_cg + sigma_t z, x_cg of CG-SENSE, at t = `start`, in even steps of time, in which blur and noise fall by equal
    factors. J is the derivative of the restorer R. The step is that of the study: the noise leaves by the score (G_t x0 - x_t) /
    sigma_t^2, the blur by G_s x0 - G_t x0. tau^2 = sigma_t^2 - sigma_s^2 (ve-reverse: the study), times sigma_s^2 / sigma_t^2
    (ve-ancestral), which keeps the noise at sigma_s exactly; both z are multiplied by `noise`. With `error` each estimate, taken to be
    off by error sigma_t where there is noise, is weighed against the data once more. The result is the last x0. A restorer whose
    sigma_t is the same at all times makes this a cold diffusion, one without blur a variance-exploding one. Source: Cui et al., IEEE
    TMI 43(10), 2024, and what its public code does.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(1), "levels, each one call of the restorer, there and back"] = 5,
                 start: Annotated[float, Gt(0), Le(1), "time at which it begins; 1: blur and noise of the whole ladder"] = 0.7,
                 begin: Annotated[Literal["cg-sense", "noise"], "what is there at first: blurred CG-SENSE, or noise alone"] = "cg-sense",
                 rate: Annotated[float | None, Ge(0), "length of the data step; null: the study's, 0.2 to 0.6 by the first image"] = 2.0,
                 error: Annotated[float | None, Gt(0), "how far an estimate is off, over sigma_t; null: no second data step"] = 1.0,
                 noise: Annotated[float, Ge(0), "noise over that of the ladder: 1 in the study; 0: the same image every time"] = 0.0,
                 rule: Annotated[Literal["ve-reverse", "ve-ancestral"], "noise of a step: the study's, or exact"] = "ve-ancestral",
                 ) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.start, self.begin = prior, steps, start, begin
        self.rate, self.error, self.noise, self.rule = rate, error, noise, rule

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per level, each with one forward and one backward pass of the restorer."""
        chain = Reverse(self.prior, problem, rng)
        times = uniform(chain.diffusion, self.steps, self.start).tolist()
        x_cg = first(problem)
        rate = studied_rate(problem.operator.image(x_cg)) if self.rate is None else self.rate
        x_t = chain.noise(times[0]) if self.begin == "noise" else self.heated(chain, x_cg, times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            u0, v = chain.through(x_t, t, lambda x: misfit_gradient(problem, x, "squared") / 2)
            x0 = chain.decode(u0 - rate * v)
            if self.error is not None and (sigma := float(chain.diffusion.sigma(t))):
                x0 = proximal(problem, x0, self.error * sigma)
            x_t = chain.onward(x_t, x0, t, s, self.row)
            yield Step(i, self.steps, x0, s, x=x_t)

    def heated(self, chain: Reverse, x: Tensor, t: float) -> Tensor:
        """G_t x + sigma_t z, one per stream, with as much noise as was asked for."""
        u = chain.encode(x).expand(len(chain.rng), *chain.encode(x).shape[1:])
        still: Tensor = chain.diffusion.mean(u, t)
        return still + self.noise * (chain.diffusion.degrade(u, t, chain.rng) - still) if self.noise else still

    def row(self, diffusion: Diffusion, t: float | Tensor, s: float | Tensor) -> Row:
        """The rule of a step, with as much noise as was asked for."""
        r, tau = RULES[self.rule](diffusion, t, s)
        return r, self.noise * tau


def first(problem: Problem) -> Tensor:
    """x_cg (1, *domain): CG-SENSE, images taken for white of variance 1."""
    return proximal(problem, torch.zeros_like(problem.linear.rough(problem.y)), 1.0, iterations=30, tolerance=None)
