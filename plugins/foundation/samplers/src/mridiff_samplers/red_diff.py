"""RED-diff: the image that a diffusion explains best at all its noise levels, and the data: one estimate."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import Annotated

from annotated_types import Ge, Gt, Le

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import conjugate_gradients, proximal
from mridiff_sdk.reverse import Reverse, falling

from .least_squares import for_samples, normal_equations

__all__ = ["REDDiff"]


class REDDiff(Sampler):
    """x_t = alpha_t x + sigma_t n;  v = x + rate (D(x_t) - x);  x = argmin |A x - y|^2 / sigma_y^2 + weight SNR^power / rate |x - v|^2.

    Stochastic gradient descent of |A x - y|^2 / sigma_y^2 + KL(N(alpha_t x, sigma_t^2) || p_t), by levels, SNR = (alpha_t / sigma_t)^2: the
    gradient of the divergence is weight SNR (x - E[D(x_t)]), and needs no backward pass through the prior. With power 1 both terms
    count by their own noise levels; the source has power 0, the same weight at every level. `weight` is in units of the prior's images.
    It follows no posterior: the fitted distribution has no width, and the noise is that of fixed streams. From CG-SENSE.
    Source: Mardani, Song, Kautz, Vahdat, A variational perspective on solving inverse problems with diffusion models, 2024, algorithm 1
    and equation 8. Deviations: the data term is taken by its proximal map instead of Adam's steps; levels fall by equal factors; power.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "noise levels"] = 60,
                 sigma_max: Annotated[float, Gt(0), "first ratio of noise to signal"] = 1.0,
                 sigma_min: Annotated[float, Gt(0), "last ratio of noise to signal"] = 0.02,
                 weight: Annotated[float, Gt(0), "weight of the prior against the data; 1: by their noise levels, for power 1"] = 0.3,
                 power: Annotated[float, Ge(0), Le(1), "power of the signal-to-noise ratio in the prior's weight"] = 1.0,
                 rate: Annotated[float, Gt(0), Le(1), "how far a step goes towards the denoised image"] = 0.5,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of a data step at most"] = 8) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.sigma_max, self.sigma_min = prior, steps, sigma_max, sigma_min
        self.weight, self.power, self.rate, self.iterations = weight, power, rate, iterations

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per noise level, each with one call of the prior and one data step."""
        H, b = normal_equations(problem)
        x = conjugate_gradients(H, b, iterations=self.iterations)
        chain = Reverse(self.prior, problem, Streams.of(0, "red-diff", len(x)))  # one estimate, whatever the seed
        for i, sigma in enumerate(falling(chain, self.steps, self.sigma_max, self.sigma_min)):
            t = float(chain.diffusion.time(sigma))
            v = x + self.rate * (chain.x0(chain.noised(x, t), t) - x)
            x = proximal(problem, v, sigma**self.power * sqrt(self.rate / self.weight), iterations=self.iterations)
            yield Step(i, self.steps, for_samples(x, rng), sigma)
