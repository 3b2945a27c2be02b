"""DPIR: denoising and a proximal data step in turn, at a falling noise level, without any noise: one estimate, no samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Gt

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import conjugate_gradients
from mridiff_sdk.reverse import Reverse, falling, plug_and_play

from .least_squares import for_samples, normal_equations

__all__ = ["DPIR"]


class DPIR(Sampler):
    """x0 = D(x, sigma);  x = argmin |A x - y|^2 / sigma_y^2 + weight |x - x0|^2 / sigma^2, in turn, from the CG-SENSE image.

    The reverse step without its noise (r = tau = 0): a diffusion prior as plug-and-play denoiser, `sigma` now the strength of the
    regularisation. It follows no posterior, and has no uncertainty. Every call sees the image mirrored along other spatial axes, so that
    the network's own asymmetries average out.
    Source: Zhang et al., Plug-and-play image restoration with deep denoiser prior, 2021, algorithm 1, section 4.2 for the falling sigma
    and the mirrored images.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 40,
                 sigma_max: Annotated[float, Gt(0), "noise level of the first denoising, in units of the prior's images"] = 0.2,
                 sigma_min: Annotated[float, Gt(0), "noise level of the last denoising"] = 0.02,
                 weight: Annotated[float, Gt(0), "weight of the denoised image against the data"] = 0.2,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of a data step at most"] = 8) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.sigma_max, self.sigma_min = prior, steps, sigma_max, sigma_min
        self.weight, self.iterations = weight, iterations

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per noise level, each with one call of the prior and one data step."""
        return self.along(Reverse(self.prior, problem, rng))

    def along(self, chain: Reverse) -> Iterator[Step]:
        """The same for a process that stands already."""
        one = chain.beside("dpir", 1)  # one estimate, whatever the seed
        sigmas = falling(one, self.steps, self.sigma_max, self.sigma_min)
        H, b = normal_equations(one.problem)
        x = conjugate_gradients(H, b, iterations=self.iterations)
        estimates = plug_and_play(one, x, sigmas, weight=self.weight, iterations=self.iterations, mirrored=True)
        for i, (sigma, x) in enumerate(zip(sigmas, estimates, strict=True)):
            yield Step(i, self.steps, for_samples(x, chain.rng), sigma)
