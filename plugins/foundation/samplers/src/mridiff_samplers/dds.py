"""DDS: a few conjugate gradient steps on the data from each denoised image, then a DDIM step with the network's own noise."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import sqrt
from typing import Annotated

from annotated_types import Ge, Gt, Le

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import ddim, karras_times, residual, step
from mridiff_sdk.reverse import Beginning, Calls, Level, Reverse, begin

__all__ = ["DDS"]


class DDS(Sampler):
    """x0 = D(x_t);  x0' = CG of (1 + gamma A^H A) x = x0 + gamma A^H y, `iterations` steps from x0;  x_s = a x0' + r x_t + noise.

    The noise that is carried on is the network's, x_t - alpha_t x0, DDIM's eta of it fresh. Few steps keep x0' in the Krylov space of
    the data about x0: what they do not reach stays as it was denoised. An estimator: x0' is a mean. gamma None is matched to the noise:
    share r^2 / sigma_y^2, with 1 / r^2 = 1 / sigma^2 + 1, sigma = sigma_t / alpha_t, and `share` the part of x_s that is x0' by the step.
    For every step moves the state by all of x0' - x0, and many short ones would follow the data's noise; a gamma by hand, as in the
    paper, does.
    Source: Chung, Lee, Ye, Decomposed diffusion sampler for accelerating large-scale inverse problems, ICLR 2024, algorithm 1 and
    section 3. The times are those of EDM.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 40,
                 eta: Annotated[float, Ge(0), Le(1), "stochasticity of the step: 0 deterministic, 1 the ancestral chain"] = 0.85,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of a data step"] = 5,
                 gamma: Annotated[float | None, Gt(0), "weight of |A x - y|^2 beside |x - x0|^2; null: matched to both errors"] = None,
                 sigma_max: Annotated[float, Gt(0), "largest ratio of noise to signal, at most that of the prior"] = 20.0,
                 sigma_min: Annotated[float, Gt(0), "ratio of noise to signal at the last denoising, at least that of the prior"] = 0.01,
                 start: Beginning = "estimate", level: Level = None, calls: Calls = 20) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.eta, self.iterations, self.gamma = prior, steps, eta, iterations, gamma
        self.sigma_max, self.sigma_min, self.start, self.level, self.calls = sigma_max, sigma_min, start, level, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one call of the prior and one data step."""
        chain = Reverse(self.prior, problem, rng)
        begun = begin(chain, self.start, self.level, self.sigma_min, self.sigma_max, self.calls)
        times = karras_times(chain.diffusion, self.steps, begun.level, self.sigma_min)
        x_t = begun.state(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            u0 = chain.u0(x_t, t)
            carried, fresh = ddim(chain.diffusion, t, s, self.eta)
            share = 1 - float(carried * chain.diffusion.alpha(t) / chain.diffusion.alpha(s))
            # with sigma_y = 1 the weight r^2 is the gamma of the caller
            r, sigma_y = (sqrt(share) * chain.uncertainty(t), None) if self.gamma is None else (sqrt(self.gamma), 1.0)
            x0 = proximal(problem, chain.decode(u0), r, sigma_y=sigma_y, iterations=self.iterations, tolerance=0.0)
            noise = residual(chain.diffusion, x_t, u0, t)
            x_t = step(chain.diffusion, chain.encode(x0), noise, s, carried, fresh, rng)
            yield Step(i, len(times) - 1, x0, t, x=x_t)
