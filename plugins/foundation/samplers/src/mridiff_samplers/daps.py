"""DAPS: an estimate, a draw about it that knows the data, and noise afresh: a chain whose steps are decoupled."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated

from annotated_types import Ge, Gt

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import karras_times, renoise
from mridiff_sdk.reverse import Beginning, Calls, Level, Reverse, begin

__all__ = ["DAPS"]


class DAPS(Sampler):
    """x0 = D(x_t);  x0' ~ N(argmin |A x - y|^2 / sigma_y^2 + |x - x0|^2 / r^2, its covariance);  x_s = alpha_s x0' + sigma_s n, in turn.

    x0' is a draw of p(x0 | x_t, y) where p(x0 | x_t) is N(x0, r^2), so that x_s is one of p(x_s | y) whatever was off before: errors do
    not add up, and large steps are possible. r is what the denoiser itself says: r^2 = (sigma / alpha)^2 times the mean of its derivative,
    which is its mean squared error (Tweedie), by a second call; or, with `variance`, that for white images of this variance.
    Source: Zhang, Chu, Berner, Meng, Anandkumar, Song, Improving diffusion inverse problem solving with decoupled noise annealing, 2025,
    algorithm 1. Deviations: the operator being linear and the noise Gaussian, x0' is drawn exactly, by conjugate gradients on a perturbed
    problem, instead of by Langevin steps; x0 is one call of the prior instead of an ODE's end, whose spread would count twice; r by rule.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 40,
                 variance: Annotated[float | None, Gt(0), "variance of white images that r is for; null: r by the denoiser"] = None,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of a data step at most"] = 20,
                 sigma_max: Annotated[float, Gt(0), "largest ratio of noise to signal, at most that of the prior"] = 20.0,
                 sigma_min: Annotated[float, Gt(0), "ratio of noise to signal at the last denoising, at least that of the prior"] = 0.01,
                 start: Beginning = "estimate", level: Level = None, calls: Calls = 20) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.variance, self.iterations = prior, steps, variance, iterations
        self.sigma_max, self.sigma_min, self.start, self.level, self.calls = sigma_max, sigma_min, start, level, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one or two calls of the prior and one data step."""
        chain = Reverse(self.prior, problem, rng)
        begun = begin(chain, self.start, self.level, self.sigma_min, self.sigma_max, self.calls)
        times = karras_times(chain.diffusion, self.steps, begun.level, self.sigma_min)
        x_t = begun.state(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            u0 = chain.u0(x_t, t)
            r = chain.error(x_t, u0, t) if self.variance is None else chain.uncertainty(t, self.variance)
            x0 = proximal(problem, chain.decode(u0), r, iterations=self.iterations, tolerance=None, rng=rng, full=True)
            x_t = chain.onward(x_t, x0, t, s, renoise)
            yield Step(i, len(times) - 1, x0, t, x=x_t)
