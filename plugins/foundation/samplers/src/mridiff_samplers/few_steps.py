"""Few steps: a chain of large steps whose prior draws x0 instead of estimating it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated

import torch
from annotated_types import Ge, Le

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency.replacement import replacement
from mridiff_sdk.diffusions.ladders import uniform
from mridiff_sdk.diffusions.step import gan_posterior, residual, step

from .chain import start


class FewSteps(Sampler):
    """x0 ~ prior(x_t, t);  x0' = x0 + weight A^H (y - A x0);  x_s ~ q(x_s | x_t, x0'), in `steps` even steps of time from noise to x0'.

    For one coil on a Cartesian grid weight 1 puts the measured numbers in place of the drawn ones, and 1 / (1 + lambda) blends them; 0
    trusts the prior, which may have seen the data as its condition. Source: Xiao et al., Tackling the generative learning trilemma
    with denoising diffusion GANs, ICLR 2022, section 4; the data step is that of Song et al., ICLR 2021 (inverse problems in MRI).
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(1), "steps, each one call of the prior"] = 4,
                 weight: Annotated[float, Ge(0), Le(1), "share of the measured numbers in a data step: 1 replaces, 0 leaves out"] = 1.0,
                 ) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.weight = prior, steps, weight

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one call of the prior."""
        prior = self.prior
        conditions = prior.conditions(problem)
        diffusion = prior.diffusion.bind(problem, rng)
        times = uniform(diffusion, self.steps).tolist()
        x_t = start(prior, diffusion, problem, times[0], rng)
        for i, (t, s) in enumerate(pairwise(times)):
            with torch.no_grad():
                x0 = prior.codec.decode(prior(x_t, t, conditions, rng), conditions)
            if self.weight:
                x0 = replacement(problem, x0, self.weight)
            u0 = prior.codec.encode(x0, conditions)
            if s:
                x_t = step(diffusion, u0, residual(diffusion, x_t, u0, t), s, *gan_posterior(diffusion, t, s), rng)
            yield Step(i, self.steps, x0, t, x=x_t if s else u0)
