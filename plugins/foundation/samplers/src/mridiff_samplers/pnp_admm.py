"""PnP-ADMM: denoising and a proximal data step in turn, with a dual variable between them: one estimate."""

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

__all__ = ["PnPADMM"]


class PnPADMM(Sampler):
    """x = argmin |A x - y|^2 / sigma_y^2 + weight |x - (z - u)|^2 / sigma^2;  z = D(x + u, sigma);  u = u + x - z, from CG-SENSE.

    The dual variable u remembers what the data and the denoiser disagree about, which half-quadratic splitting (`dpir`) forgets: at a
    constant level the limit does not depend on it where D is the proximal map of a prior. For a Gaussian prior and weight 1, by which
    data and prior count by their own noise levels, it is the mean of the posterior. The penalty weight / sigma^2 rises from step to step,
    which bounds what a denoiser that is not a proximal map can do; u, in units of it, falls. Each call sees another mirror image.
    Sources: Venkatakrishnan, Bouman, Wohlberg, Plug-and-play priors for model based reconstruction, 2013 (the split); Chan, Wang, Elgendy,
    Plug-and-play ADMM for image restoration, 2017, algorithm 1 with its monotone rule. Deviations: the first x is CG-SENSE, u is
    rescaled with the penalty.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 40,
                 sigma_max: Annotated[float, Gt(0), "noise level of the first denoising, in units of the prior's images"] = 0.5,
                 sigma_min: Annotated[float, Gt(0), "noise level of the last denoising"] = 0.02,
                 weight: Annotated[float, Gt(0), "weight of the prior against the data; 1: by their noise levels"] = 0.5,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of a data step at most"] = 8) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.sigma_max, self.sigma_min = prior, steps, sigma_max, sigma_min
        self.weight, self.iterations = weight, iterations

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per noise level, each with one data step and one call of the prior."""
        chain = Reverse(self.prior, problem, Streams.of(0, "pnp-admm"))  # one estimate, whatever the seed
        sigmas = falling(chain, self.steps, self.sigma_max, self.sigma_min)
        H, b = normal_equations(problem)
        z = conjugate_gradients(H, b, iterations=self.iterations)
        u = torch.zeros_like(z)
        for i, (sigma, D) in enumerate(zip(sigmas, denoisers(chain), strict=False)):
            u = u * (sigma / sigmas[max(i - 1, 0)]) ** 2
            x = proximal(problem, z - u, sigma / sqrt(self.weight), iterations=self.iterations)
            z = D(x + u, sigma)
            u = u + x - z
            yield Step(i, self.steps, for_samples(x, rng), sigma)
