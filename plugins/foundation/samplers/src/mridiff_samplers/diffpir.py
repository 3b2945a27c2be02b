"""DiffPIR: denoising and a proximal data step in turn, few steps, no gradient through the prior."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from math import sqrt
from typing import Annotated

from annotated_types import Ge, Gt, Le

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import ddim, karras_times
from mridiff_sdk.reverse import Beginning, Calls, Level, Reverse, begin

__all__ = ["DiffPIR"]


class DiffPIR(Sampler):
    """x0 = D(x_t);  x0' = argmin |A x - y|^2 / sigma_y^2 + weight |x - x0|^2 / r^2;  x_s = alpha_s x0' + DDIM noise, in turn.

    1 / r^2 = 1 / sigma^2 + 1 / variance, with sigma = sigma_t / alpha_t the noise-to-signal ratio. The minimum is found by conjugate
    gradients, so any linear operator will do. The noise carried to x_s is the effective one, x_t - alpha_t x0'. With `draw`, x0' is not
    the minimum but a draw: the noise of y once more, and that of x0 as far as it is below sigma_y (see `proximal`); the last x0' too.
    Sources: Zhu et al., Denoising diffusion models for plug-and-play image restoration, 2023, algorithm 1 and equation 13; the conjugate
    gradients as in Chung, Lee, Ye, Decomposed diffusion sampler, 2024. The times are those of EDM, the fresh noise is DDIM's eta.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 40,
                 eta: Annotated[float, Ge(0), Le(1), "stochasticity of the step: 0 deterministic, 1 the ancestral chain"] = 0.95,
                 weight: Annotated[float, Gt(0), "weight of the denoised image against the data"] = 1.0,
                 variance: Annotated[float, Gt(0), "variance of the prior's images per number; bounds what a denoised one is off by"] = 1.0,
                 draw: Annotated[bool, "draw x0' instead of its mean, so that what was measured spreads as its noise demands"] = True,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of a data step at most"] = 20,
                 sigma_max: Annotated[float, Gt(0), "largest ratio of noise to signal, at most that of the prior"] = 20.0,
                 sigma_min: Annotated[float, Gt(0), "ratio of noise to signal at the last denoising, at least that of the prior"] = 0.01,
                 start: Beginning = "estimate", level: Level = None, calls: Calls = 20) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.eta, self.weight, self.iterations = prior, steps, eta, weight, iterations
        self.variance, self.draw = variance, draw
        self.sigma_max, self.sigma_min, self.start, self.level, self.calls = sigma_max, sigma_min, start, level, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one call of the prior and one data step."""
        return self.along(Reverse(self.prior, problem, rng))

    def along(self, chain: Reverse) -> Iterator[Step]:
        """The same for a process that stands already."""
        begun = begin(chain, self.start, self.level, self.sigma_min, self.sigma_max, self.calls)
        times = karras_times(chain.diffusion, self.steps, begun.level, self.sigma_min)
        x_t = begun.state(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            r = chain.uncertainty(t, self.variance) / sqrt(self.weight)
            rng = chain.rng if self.draw else None
            x0 = proximal(chain.problem, chain.x0(x_t, t), r, iterations=self.iterations, tolerance=None, rng=rng)
            x_t = chain.onward(x_t, x0, t, s, partial(ddim, eta=self.eta))
            yield Step(i, len(times) - 1, x0, t, x=x_t)
