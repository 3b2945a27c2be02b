"""PiGDM: guidance by the pseudo-inverse of what the data and the uncertainty of x0 say, through the prior."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Annotated

from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import ddim, karras_times
from mridiff_sdk.reverse import Beginning, Calls, Level, Reverse, begin

__all__ = ["PiGDM"]


class PiGDM(Sampler):
    """x0 = D(x_t), off by r per number;  g = J^H A^H (r^2 A A^H + sigma_y^2)^-1 (y - A x0), J = d x0 / d x_t;  a DDIM step about x0'.

    x0' = x0 + weight (sigma_t^2 / alpha_t) g is E[x0 | x_t, y] by Tweedie's formula if x0 given x_t is N(x0, r^2) before the data and J
    what the prior says; with the images' own `variance` v, 1 / r^2 = alpha_t^2 / sigma_t^2 + 1 / v. The inverse is never formed: r^2 A^H
    (r^2 A A^H + sigma_y^2)^-1 (y - A x0) is the proximal step's change of x0, by conjugate gradients.
    Source: Song, Vahdat, Mardani, Kautz, Pseudoinverse-guided diffusion models for inverse problems, ICLR 2023,
    algorithm 1. Theirs adds sqrt(alpha) r^2 g to x_s after the step, whatever the step's length: that is ours for one long step, and
    too much of the data in many short ones. Of a trained network J is known to its own error, which sigma_t^2 / alpha_t magnifies: begin
    below sigma = 1, as the start does by itself. The times are those of EDM.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 40,
                 eta: Annotated[float, Ge(0), Le(1), "stochasticity of the step: 0 deterministic, 1 the ancestral chain"] = 1.0,
                 weight: Annotated[float, Ge(0), "factor of the guidance; 1 is what the noise says"] = 1.0,
                 variance: Annotated[float, Gt(0), "variance of the prior's images per number; bounds what a denoised one is off by"] = 1.0,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of a step at most"] = 20,
                 sigma_max: Annotated[float, Gt(0), "largest ratio of noise to signal, at most that of the prior"] = 20.0,
                 sigma_min: Annotated[float, Gt(0), "ratio of noise to signal at the last denoising, at least that of the prior"] = 0.01,
                 start: Beginning = "estimate", level: Level = None, calls: Calls = 20) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.eta, self.weight, self.variance, self.iterations = prior, steps, eta, weight, variance, iterations
        self.sigma_max, self.sigma_min, self.start, self.level, self.calls = sigma_max, sigma_min, start, level, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one forward and one backward pass of the prior."""
        chain = Reverse(self.prior, problem, rng)
        begun = begin(chain, self.start, self.level, self.sigma_min, self.sigma_max, self.calls)
        times = karras_times(chain.diffusion, self.steps, begun.level, self.sigma_min)
        x_t = begun.state(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            r = chain.uncertainty(t, self.variance)

            def moved(x: Tensor, r: float = r) -> Tensor:
                return proximal(problem, x, r, iterations=self.iterations, tolerance=None) - x

            u0, back = chain.through(x_t, t, moved)
            # sigma_t^2 / alpha_t J^H d / r^2, d the proximal step's change of x0
            u0 = u0 + self.weight * float(chain.diffusion.alpha(t)) * (chain.ratio(t) / r) ** 2 * back
            x_t = chain.step(x_t, u0, t, s, partial(ddim, eta=self.eta))
            yield Step(i, len(times) - 1, chain.decode(u0), t, x=x_t)
