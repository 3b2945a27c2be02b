"""diffinr: a denoised image agrees with the data in the weights of a coordinate network that is fitted to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import sqrt
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_samplers.least_squares import for_samples
from mridiff_sdk.consistency import proximal, replacement
from mridiff_sdk.reverse import Beginning, Calls, Reverse, begin, denoisers, falling

from .refinement import Refinement, misfit_of_noise


class DiffINR(Sampler):
    """x0 = D(x + noise sigma n, sigma);  x = refine(x0, y, A), in turn, at falling sigma.

    `refine` "inr": a fresh coordinate network is fitted to x0, then to y (`Refinement`), by steps that shrink with the uncertainty of x0
    and end where the residual is that of the noise. In its place "projection": x0 + A^H (y - A x0), which puts the measured samples in
    where A A^H y = y; "cg": argmin |A x - y|^2 / sigma_y^2 + |x - x0|^2 / r^2. No gradient passes through the prior.
    Source: Chu et al., Highly accelerated MRI via implicit neural representation guided posterior sampling of diffusion models, Medical
    Image Analysis 100:103398, 2025, algorithm 1. Deviations: every estimate is refined, in few steps, where the study makes 50 of its
    2000 between two refinements; from an estimate, and without noise, unless asked for.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 8,
                 sigma_max: Annotated[float, Gt(0), "ratio of noise to signal at the first, at most that of the prior"] = 0.4,
                 sigma_min: Annotated[float, Gt(0), "ratio of noise to signal at the last, at least that of the prior"] = 0.02,
                 noise: Annotated[float, Ge(0), Le(1), "noise before each, over sigma: 1 draws samples, 0 gives one estimate"] = 0.0,
                 refine: Annotated[Literal["inr", "projection", "cg"], "how an estimate is made to agree with the data"] = "inr",
                 prior_iterations: Annotated[int, Ge(1), "steps of a network towards the estimate"] = 60,
                 data_iterations: Annotated[int, Ge(0), "steps of a network from there towards the data at most"] = 40,
                 prior_rate: Annotated[float, Gt(0), "learning rate of the former"] = 1e-2,
                 data_rate: Annotated[float, Gt(0), "learning rate of the latter, times the uncertainty of x0"] = 0.1,
                 keep: Annotated[bool, "put back what a network lost of the estimate; the study does not"] = True,
                 start: Beginning = "estimate", calls: Calls = 20) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.sigma_max, self.sigma_min, self.noise, self.refine = prior, steps, sigma_max, sigma_min, noise, refine
        self.refinement, self.data_rate = Refinement(prior_iterations, data_iterations, prior_rate, keep=keep), data_rate
        self.start, self.calls = start, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per level, each with one call of the prior and one refinement."""
        chain = Reverse(self.prior, problem, rng)
        sigmas = falling(chain, self.steps, self.sigma_max, self.sigma_min)
        u = begin(chain, self.start, sigmas[0], 0.5 * sigmas[-1], sigmas[0], self.calls).u
        x = for_samples(torch.zeros_like(problem.linear.rough(problem.y)) if u is None else chain.decode(u), rng)
        for i, (sigma, D) in enumerate(zip(sigmas, denoisers(chain), strict=False)):
            x0 = D(x + self.noise * sigma * rng.normal_like(x), sigma)
            x = self.refined(chain, x0, sigma, rng.child(f"refinement {i}"))
            yield Step(i, self.steps, x, sigma)

    def refined(self, chain: Reverse, x0: Tensor, sigma: float, rng: Streams) -> Tensor:
        """The estimate x0 (sample, *domain) at a level, made to agree with the data."""
        problem, off = chain.problem, sigma / sqrt(1 + sigma**2)
        if self.refine == "inr":
            assert problem.y is not None
            refine = replace(self.refinement, data_rate=self.data_rate * off)
            return refine(x0, problem.y, problem.linear, rng, misfit_of_noise(problem.noise, problem.y))
        if self.refine == "projection":
            return replacement(problem, x0)
        return proximal(problem, x0, off, iterations=20, tolerance=None)
