"""RED: regularisation by denoising, with the data as a proximal step, by ADMM: one estimate."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import Annotated

import torch
from annotated_types import Ge, Gt

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import conjugate_gradients, proximal
from mridiff_sdk.reverse import Reverse, denoisers, falling

from .least_squares import for_samples, normal_equations

__all__ = ["REDADMM"]


class REDADMM(Sampler):
    """x = argmin |A x - y|^2 / sigma_y^2 + beta |x - (z - u)|^2;  z = (D(x, sigma) + penalty (x + u)) / (1 + penalty);  u = u + x - z.

    beta = penalty lambda, and lambda = weight / sigma^2 is the weight of the denoiser. From CG-SENSE. The limit at a constant level is
    where the gradient of the data term is lambda (D(x) - x), for any denoiser and whatever the penalty. lambda (D(x) - x) is `weight`
    times the score of the prior blurred by sigma (Tweedie), so with weight 1, by which data and prior count by their own noise levels,
    this is the most likely image under that prior: no energy is needed, which a trained denoiser has not. Each call sees another mirror
    image.
    Sources: Romano, Elad, Milanfar, The little engine that could, 2017, section 4.3; Reehorst, Schniter, Regularization by denoising:
    clarifications and new interpretations, 2019, algorithm 2 with one inner iteration, and section IV for the score. Deviations: the inner
    iteration begins at x, not at the last z; sigma falls from step to step, and u with it; the first x is CG-SENSE.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 40,
                 sigma_max: Annotated[float, Gt(0), "noise level of the first denoising, in units of the prior's images"] = 0.2,
                 sigma_min: Annotated[float, Gt(0), "noise level of the last denoising"] = 0.02,
                 weight: Annotated[float, Gt(0), "weight of the prior against the data; 1: by their noise levels"] = 0.2,
                 penalty: Annotated[float, Gt(0), "what keeps the two halves together, in units of the prior's weight"] = 1.0,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of a data step at most"] = 8) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.sigma_max, self.sigma_min = prior, steps, sigma_max, sigma_min
        self.weight, self.penalty, self.iterations = weight, penalty, iterations

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per noise level, each with one data step and one call of the prior."""
        chain = Reverse(self.prior, problem, Streams.of(0, "red-admm"))  # one estimate, whatever the seed
        sigmas = falling(chain, self.steps, self.sigma_max, self.sigma_min)
        H, b = normal_equations(problem)
        z = conjugate_gradients(H, b, iterations=self.iterations)
        u = torch.zeros_like(z)
        for i, (sigma, D) in enumerate(zip(sigmas, denoisers(chain), strict=False)):
            u = u * (sigma / sigmas[max(i - 1, 0)]) ** 2
            x = proximal(problem, z - u, sigma / sqrt(self.weight * self.penalty), iterations=self.iterations)
            z = (D(x, sigma) + self.penalty * (x + u)) / (1 + self.penalty)
            u = u + x - z
            yield Step(i, self.steps, for_samples(x, rng), sigma)
