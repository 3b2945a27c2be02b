"""Predictor and corrector: a step of the reverse diffusion, then Langevin moves at its level, both with the data in x0."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import sqrt
from typing import Annotated

from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams, spread
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import corrector, ddpm, karras_times
from mridiff_sdk.reverse import Beginning, Calls, Level, Reverse, begin

__all__ = ["PredictorCorrector"]


class PredictorCorrector(Sampler):
    """x0' = E[x0 | x_t, y];  predict: x_s = DDPM(x_t, x0');  correct at s: x_s + delta (alpha x0' - x_s) / sigma^2 + sqrt(2 delta) n.

    x0' is the prior's estimate moved to the most likely x under the data if it is off by r per number, 1 / r^2 = 1 / sigma^2 + 1 /
    variance: with it both moves follow the score of the posterior, weighed by the noise of the scan and `weight`. delta = 2 (snr |n| /
    |score|)^2, score the factor of delta, for every sample, `corrections` times at each level.
    Sources: Song et al., Score-based generative modeling through SDEs, ICLR 2021, algorithms 1, 4 and 5; for MRI: Chung, Ye, Score-based
    diffusion models for accelerated MRI, 2022, and Song, Shen, Xing, Ermon, ICLR 2022, who put the data step on the noisy state after
    each move, by a weight chosen by hand. The predictor is the ancestral one, whose noise fits any step; the times are those of EDM.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "noise levels"] = 20,
                 corrections: Annotated[int, Ge(0), "Langevin moves at each level"] = 1,
                 snr: Annotated[float, Gt(0), "signal-to-noise ratio of a Langevin move, which says how long it is"] = 0.16,
                 weight: Annotated[float, Gt(0), "weight of the denoised image against the data"] = 1.0,
                 variance: Annotated[float, Gt(0), "variance of the prior's images per number; bounds what a denoised one is off by"] = 1.0,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of a data step at most"] = 20,
                 sigma_max: Annotated[float, Gt(0), "largest ratio of noise to signal, at most that of the prior"] = 20.0,
                 sigma_min: Annotated[float, Gt(0), "ratio of noise to signal at the last denoising, at least that of the prior"] = 0.01,
                 start: Beginning = "estimate", level: Level = None, calls: Calls = 20) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.corrections, self.snr, self.weight = prior, steps, corrections, snr, weight
        self.variance, self.iterations = variance, iterations
        self.sigma_max, self.sigma_min, self.start, self.level, self.calls = sigma_max, sigma_min, start, level, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per level, each with one call of the prior and one data step, and one more of both for each correction."""
        chain = Reverse(self.prior, problem, rng)

        def estimate(x_t: Tensor, t: float) -> Tensor:
            r = chain.uncertainty(t, self.variance) / sqrt(self.weight)
            return proximal(problem, chain.x0(x_t, t), r, iterations=self.iterations, tolerance=1e-3)

        begun = begin(chain, self.start, self.level, self.sigma_min, self.sigma_max, self.calls)
        times = karras_times(chain.diffusion, self.steps, begun.level, self.sigma_min)
        x_t = begun.state(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            x0 = estimate(x_t, t)
            x_t = chain.onward(x_t, x0, t, s, ddpm)
            for _ in range(self.corrections if s else 0):
                score = (chain.diffusion.mean(chain.encode(estimate(x_t, s)), s) - x_t) / spread(chain.diffusion.sigma(s) ** 2, x_t)
                x_t, _ = corrector(x_t, score, self.snr, rng, chain.diffusion.noise)
            yield Step(i, len(times) - 1, x0, t, x=x_t)
