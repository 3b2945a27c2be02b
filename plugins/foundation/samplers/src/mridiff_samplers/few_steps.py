"""Few steps: a chain of large steps whose prior draws x0 instead of estimating it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated

from annotated_types import Ge, Gt

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import gan_posterior, uniform
from mridiff_sdk.reverse import Reverse

__all__ = ["FewSteps"]


class FewSteps(Sampler):
    """x0 ~ prior(x_t, t);  x0' = argmin |A x - y|^2 / sigma_y^2 + |x - x0|^2 / error^2;  x_s ~ q(x_s | x_t, x0'), from noise to x0'.

    In `steps` even steps of time. The minimum is found by conjugate gradients, so any linear operator will do; for one coil on a
    Cartesian grid measured numbers take the place of drawn ones, the more so the less their noise is beside `error`. Without an error
    the prior is trusted, which may have seen the data as its condition. Source: Xiao et al., Tackling the generative learning trilemma
    with denoising diffusion GANs, ICLR 2022, section 4; the data step is the proximal one of `diffpir`.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(1), "steps, each one call of the prior"] = 4,
                 error: Annotated[float | None, Gt(0), "how far a draw is off, per number; null: no data step"]
                 = 1.0) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.error = prior, steps, error

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one call of the prior."""
        chain = Reverse(self.prior, problem, rng)
        times = uniform(chain.diffusion, self.steps).tolist()
        x_t = chain.noise(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            x0 = chain.x0(x_t, t)
            if self.error is not None:
                x0 = proximal(problem, x0, self.error)
            x_t = chain.onward(x_t, x0, t, s, gan_posterior)
            yield Step(i, self.steps, x0, t, x=x_t)
