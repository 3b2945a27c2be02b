"""DDNM and DDNM+: the range of the data from the measurement, its null space from the denoised image."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from math import inf
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import function_of, information, noisy
from mridiff_sdk.diffusions import ddim, karras_times, residual, step
from mridiff_sdk.reverse import Beginning, Calls, Level, Reverse, begin

__all__ = ["DDNM"]


class DDNM(Sampler):
    """x0 = D(x_t);  x0' = L A^+ y + (1 - L A^+ A) x0;  x_s = a x0' + r x_t + (tau^2 - a^2 L^2 sigma_y^2 / l^2)^(1/2) n.

    The DDIM step is x_s = a x0' + r x_t + tau n, and l are the singular values of A. L lets in of the data what the step's own noise
    covers, and the step draws the rest of its noise, so that x_s is as noisy as the prior expects (DDNM+): L = min(1, most l / sigma_y),
    most = tau / a. Without noise L = 1, and x0' is DDNM's. No singular value is computed: all are functions of A^H A, by the Lanczos
    process, whose `iterations` also bound how far ill-measured directions are inverted. There is no time travel.
    Source: Wang, Yu, Zhang, Zero-shot image restoration using denoising diffusion null-space model, ICLR 2023, sections 3.1 and 3.3 and the
    appendix for singular values of their own. Ours: the times are those of EDM; most is at most sigma_s / (2 alpha_s), since the data
    deserve no more beside an x0 off by sigma_s, and many short steps would follow their noise; and L falls to 0 as l^2 below sigma_y /
    sqrt(variance), where theirs jumps at l = 0 and no Krylov space can follow.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 40,
                 eta: Annotated[float, Gt(0), Le(1), "share of fresh noise in a step; that of the data is taken out of it"] = 0.85,
                 iterations: Annotated[int, Ge(1), "Lanczos iterations of a function of A^H A"] = 10,
                 variance: Annotated[float, Gt(0), "variance of the prior's images per number; data that are off by more count less"] = 1.0,
                 sigma_max: Annotated[float, Gt(0), "largest ratio of noise to signal, at most that of the prior"] = 20.0,
                 sigma_min: Annotated[float, Gt(0), "ratio of noise to signal at the last denoising, at least that of the prior"] = 0.01,
                 start: Beginning = "estimate", level: Level = None, calls: Calls = 20) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.eta, self.iterations, self.variance = prior, steps, eta, iterations, variance
        self.sigma_max, self.sigma_min, self.start, self.level, self.calls = sigma_max, sigma_min, start, level, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one call of the prior and two functions of A^H A."""
        chain, (H, g) = Reverse(self.prior, problem, rng), information(problem)
        diffusion, known = chain.diffusion, noisy(problem)
        begun = begin(chain, self.start, self.level, self.sigma_min, self.sigma_max, self.calls)
        times = karras_times(diffusion, self.steps, begun.level, self.sigma_min)
        x_t = begun.state(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            x0 = chain.x0(x_t, t)
            r, tau = (float(v) for v in ddim(diffusion, t, s, self.eta))
            a = float(diffusion.alpha(s)) - r * float(diffusion.alpha(t))
            most = min(tau / a, chain.ratio(s) / 2) if known else inf
            x0 = x0 + function_of(H, g(x0), partial(self.inverse, most=most), iterations=self.iterations)
            u0 = chain.encode(x0)
            x_t = step(diffusion, u0, residual(diffusion, x_t, u0, t), s, r, 0.0, rng)
            if tau > 0:
                n, taken = chain.decode(diffusion.noise(x_t, rng)), (a / tau) ** 2 if known else 0.0
                x_t = x_t + tau * chain.encode(function_of(H, n, partial(self.fresh, most=most, taken=taken), iterations=self.iterations))
            yield Step(i, len(times) - 1, x0, t, x=x_t)

    def inverse(self, h: Tensor, most: float) -> Tensor:
        """L / h for h = l^2 / sigma_y^2 (sample, k): the data's noise is at most `most` after it."""
        whole = 1 / h.clamp_min(1e-6 * h.amax(1, keepdim=True)).clamp_min(torch.finfo(h.dtype).tiny)
        return torch.minimum(whole, most / (h + 1 / self.variance).sqrt())

    def fresh(self, h: Tensor, most: float, taken: float) -> Tensor:
        """The share of tau that is left to draw, `taken` being (a / tau)^2, by how much the noise of x0' counts."""
        return (1 - taken * h * self.inverse(h, most) ** 2).clamp_min(0).sqrt()
