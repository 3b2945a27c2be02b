"""ReSample: codes that meet the data, and states drawn about them that do not forget where the chain was."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Annotated

from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import nearest_code, proximal
from mridiff_sdk.diffusions import ddim, karras_times
from mridiff_sdk.reverse import Reverse

__all__ = ["ReSample"]


class ReSample(Sampler):
    """u0 = D(u_t);  u_s = DDIM(u_t, u0);  u0' = argmin |A dec(u) - y|^2 / sigma_y^2 + |u - u0|^2 / r^2;  u_s is drawn anew about both:

    u_s ~ N(w alpha_s u0' + (1 - w) u_s, w sigma_s^2), w = g / (1 + g), g = gamma (sigma_t^2 / alpha_t^2 - sigma_s^2 / alpha_s^2).

    While sigma_t / alpha_t is above `pixel` the argmin is of images, x0' near dec(u0), and u0' = enc(x0'); below, of codes, by Gauss and
    Newton through the decoder, which is exact where it is linear. What is given is dec(u0').
    Source: Song, Kwon, Zhang, Hu, Qu, Shen, Solving inverse problems with latent diffusion models via hard data consistency, ICLR 2024,
    algorithms 1 and 2. Deviations: theirs is least squares from u0, stopped where the residual is that of the noise; ours weighs both
    errors, so that no direction is moved further than the data know it, and data without noise, or of unknown noise, are met. Theirs
    leaves the first third of the steps without data, and has gamma 40 for one data step in ten of 500: in 40 the state would lag behind.
    The times are those of EDM, and g is theirs in ratios of noise to signal.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 40,
                 every: Annotated[int, Ge(1), "steps from one data step to the next; the last always has one"] = 1,
                 gamma: Annotated[float, Ge(0), "weight of the codes that meet the data in the state that goes on"] = 400.0,
                 pixel: Annotated[float, Ge(0), "ratio of noise to signal above which images meet the data, not codes"] = 1.0,
                 eta: Annotated[float, Ge(0), Le(1), "stochasticity of the step before the state is drawn anew"] = 0.0,
                 newton: Annotated[int, Ge(1), "Gauss-Newton steps through a nonlinear decoder"] = 2,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of each at most"] = 20,
                 variance: Annotated[float, Gt(0), "variance of the prior's codes per number; bounds what a denoised one is off by"] = 1.0,
                 sigma_max: Annotated[float, Gt(0), "largest ratio of noise to signal, at most that of the prior"] = 20.0,
                 sigma_min: Annotated[float, Gt(0), "ratio of noise to signal at the last denoising, at least that of the prior"] = 0.01,
                 ) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.every, self.gamma, self.pixel, self.eta = prior, steps, every, gamma, pixel, eta
        self.newton, self.iterations, self.variance, self.sigma_max, self.sigma_min = newton, iterations, variance, sigma_max, sigma_min

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one call of the prior."""
        chain = Reverse(self.prior, problem, rng)
        diffusion = chain.diffusion
        times = karras_times(diffusion, self.steps, self.sigma_max, self.sigma_min)
        u_t, last = chain.noise(times[0]), len(times) - 2
        for i, (t, s) in enumerate(pairwise(times)):
            u0 = chain.u0(u_t, t)
            u_s = chain.step(u_t, u0, t, s, partial(ddim, eta=self.eta))
            if i % self.every == 0 or i == last:
                u0 = self.consistent(chain, u0, t)
                g = self.gamma * (chain.ratio(t) ** 2 - chain.ratio(s) ** 2)
                w = g / (1 + g)
                u_s = w * diffusion.mean(u0, s) + (1 - w) * u_s
                if s:
                    u_s = u_s + w**0.5 * float(diffusion.sigma(s)) * diffusion.noise(u_s, rng)
            u_t = u_s
            yield Step(i, len(times) - 1, chain.decode(u0), t, x=u_t)

    def consistent(self, chain: Reverse, u0: Tensor, t: float) -> Tensor:
        """The code nearest u0 (sample, *prior.space) that the data allow."""
        r = chain.uncertainty(t, self.variance)
        if chain.ratio(t) > self.pixel:
            return chain.encode(proximal(chain.problem, chain.decode(u0), r, iterations=self.iterations, tolerance=None))
        return nearest_code(chain.problem, chain.prior.codec, u0, r, chain.conditions, rounds=self.newton, iterations=self.iterations)
