"""Few steps: a chain of large steps whose prior draws x0 instead of estimating it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated

from annotated_types import Ge, Le

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import replacement
from mridiff_sdk.diffusions import gan_posterior, uniform
from mridiff_sdk.reverse import Reverse

__all__ = ["FewSteps"]


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
        chain = Reverse(self.prior, problem, rng)
        times = uniform(chain.diffusion, self.steps).tolist()
        x_t = chain.noise(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            x0 = chain.x0(x_t, t)
            if self.weight:
                x0 = replacement(problem, x0, self.weight)
            x_t = chain.onward(x_t, x0, t, s, gan_posterior)
            yield Step(i, self.steps, x0, t, x=x_t)
