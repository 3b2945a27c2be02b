"""DPS: diffusion posterior sampling with the gradient of the residual through the prior."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from math import sqrt
from typing import Annotated

from annotated_types import Ge, Le

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import misfit_gradient
from mridiff_sdk.diffusions import ddim, linear_beta_times, reach
from mridiff_sdk.reverse import Beginning, Calls, Level, Reverse, begin

__all__ = ["DPS"]


class DPS(Sampler):
    """x_s = DDPM(x_t, x0) - z grad_{x_t} |y - A x0(x_t)|, x0 = E[x0 | x_t] from the prior, differentiated through it.

    The gradient of the norm does not shrink with the residual: it is the paper's step on the squared norm with z / |y - A x0|. Nor does
    it grow with the image, whose norm and residual grow as sqrt(n) with its n numbers. z = zeta sqrt(n) / steps makes one zeta serve
    all sizes and numbers of steps: zeta is the way of all steps together, per root of n (the paper's z = 1 in 1000 steps at n = 256 x
    256 x 3 is zeta = 2.3). It means the same in any Gaussian diffusion: one that does not preserve variance is walked through its
    states divided by sqrt(alpha^2 + sigma^2).
    Source: Chung, Kim, McCann, Klasky, Ye, Diffusion posterior sampling for general noisy inverse problems, 2023, algorithm 1.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 200,
                 zeta: Annotated[float, Ge(0), "length of all data steps together, per root of the image's size"] = 8.0,
                 eta: Annotated[float, Ge(0), Le(1), "stochasticity of the step: 1 is the paper's ancestral chain"] = 1.0,
                 start: Beginning = "noise", level: Level = None, calls: Calls = 20) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.zeta, self.eta = prior, steps, zeta, eta
        self.start, self.level, self.calls = start, level, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one forward and one backward pass of the prior."""
        return self.along(Reverse(self.prior, problem, rng))

    def along(self, chain: Reverse) -> Iterator[Step]:
        """The same for a process that stands already."""
        begun = begin(chain, self.start, self.level, *reach(chain.diffusion), self.calls)
        times = linear_beta_times(chain.diffusion, self.steps, begun.level)
        x_t = begun.state(times[0])
        z = self.zeta * sqrt(x_t[0].numel()) / self.steps
        for i, (t, s) in enumerate(pairwise(times)):
            u0, gradient = chain.through(x_t, t, lambda x: misfit_gradient(chain.problem, x, "norm"))
            # The gradient and the step in the scaled state give one factor each; both are 1 where variance is preserved.
            x_t = chain.step(x_t, u0, t, s, partial(ddim, eta=self.eta)) - z * chain.size(t) * chain.size(s) * gradient
            yield Step(i, self.steps, chain.decode(u0 if s else x_t), t, x=x_t)
