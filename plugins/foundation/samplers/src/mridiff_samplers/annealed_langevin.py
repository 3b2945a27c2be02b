"""Annealed Langevin dynamics: moves along the score of the posterior at falling noise levels, preconditioned by the data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import function_of, information, proximal
from mridiff_sdk.diffusions import karras_times
from mridiff_sdk.operators import largest
from mridiff_sdk.reverse import Beginning, Calls, Level, Reverse, begin

__all__ = ["AnnealedLangevin"]


class AnnealedLangevin(Sampler):
    """x + rate M [(D(x) - x) / sigma^2 + A^H (y - A x) / sigma_y^2] + sqrt(2 rate) M^(1/2) n, `moves` times at each falling level sigma.

    "exact": the likelihood is the same at all levels, and M = (A^H A / sigma_y^2 + 1 / sigma^2)^-1 makes the moves as long as the
    posterior is wide in every direction, so that `rate` has no unit: M times the score is the proximal step from D(x), less x, by
    conjugate gradients; M^(1/2) n a function of A^H A, by the Lanczos process. "annealed": the likelihood of y - A x with the noise of x
    counted as that of y, sigma_y^2 + sigma^2 |A|^2, and one length for all directions, M = sigma^2 / 2. The last D(x) is the result.
    Sources: annealed: Jalal et al., Robust compressed sensing MRI with deep generative priors, NeurIPS 2021, whose levels of the
    likelihood's noise and lengths are chosen by hand. Exact: Blumenthal, Holliber, Tamir, Uecker, Fast and robust diffusion posterior
    sampling for MR image reconstruction using the preconditioned unadjusted Langevin algorithm, arXiv 2512.05791; how M^(1/2) n is made
    is ours. The levels are those of EDM.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "noise levels"] = 20,
                 moves: Annotated[int, Ge(1), "Langevin moves at each level"] = 3,
                 rate: Annotated[float, Gt(0), Le(1), "length of a move, 1 the longest that is stable"] = 0.3,
                 likelihood: Annotated[Literal["exact", "annealed"], "the data's part of the score"] = "exact",
                 iterations: Annotated[int, Ge(1), "iterations at most, of conjugate gradients and of the Lanczos process"] = 20,
                 sigma_max: Annotated[float, Gt(0), "largest ratio of noise to signal, at most that of the prior"] = 20.0,
                 sigma_min: Annotated[float, Gt(0), "ratio of noise to signal at the last level, at least that of the prior"] = 0.01,
                 start: Beginning = "estimate", level: Level = None, calls: Calls = 20) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.moves, self.rate, self.likelihood, self.iterations = prior, steps, moves, rate, likelihood, iterations
        self.sigma_max, self.sigma_min, self.start, self.level, self.calls = sigma_max, sigma_min, start, level, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per move, each with one call of the prior; the last has one more."""
        chain, (H, g) = Reverse(self.prior, problem, rng), information(problem)
        begun = begin(chain, self.start, self.level, self.sigma_min, self.sigma_max, self.calls)
        times = karras_times(chain.diffusion, self.steps, begun.level, self.sigma_min)[:-1]
        x = chain.decode(begun.state(times[0])) / float(chain.diffusion.alpha(times[0]))
        most = largest(H, x[:1])  # |A|^2 / sigma_y^2
        total = len(times) * self.moves
        for i in range(total):
            t = times[i // self.moves]
            sigma = chain.ratio(t)
            x0 = chain.denoised(x, sigma)
            n = chain.decode(chain.diffusion.noise(chain.encode(x), rng))
            if self.likelihood == "exact":
                mean = proximal(problem, x0, sigma, iterations=self.iterations, tolerance=1e-3)
                noise = function_of(H, n, partial(root, sigma=sigma), iterations=self.iterations)
                x = x + self.rate * (mean - x) + (2 * self.rate) ** 0.5 * noise
            else:
                score = (x0 - x) / sigma**2 + g(x) / (1 + most * sigma**2)
                x = x + self.rate * sigma**2 / 2 * score + self.rate**0.5 * sigma * n
            yield Step(i, total, x0 if i < total - 1 else chain.denoised(x, sigma), t, x=chain.diffusion.mean(chain.encode(x), t))


def root(h: Tensor, sigma: float) -> Tensor:
    """The eigenvalues of M^(1/2) by those of A^H A / sigma_y^2."""
    return (h + sigma**-2).rsqrt()
