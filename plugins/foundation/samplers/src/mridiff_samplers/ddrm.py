"""DDRM: every direction of the data by its own noise, without a singular value decomposition."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams, spread
from mridiff_sdk.consistency import function_of, information
from mridiff_sdk.diffusions import karras_times
from mridiff_sdk.reverse import Beginning, Calls, Level, Reverse, begin

__all__ = ["DDRM"]


class DDRM(Sampler):
    """x0 = D(x_t);  along each singular vector of A, by its singular value l, from the state, the data or both; in units of x0:

    measured worse than sigma_s (sigma_y / l > sigma_s):  x0 + c sigma_s [w (y - l x0) / sigma_y + v (x_t - x0) / sigma_t] + eta sigma_s n;
    measured better:  (1 - eta_b) x0 + eta_b y / l + (sigma_s^2 - eta_b^2 sigma_y^2 / l^2)^(1/2) n; with c^2 = 1 - eta^2. Each line has
    the variance sigma_s^2. The published sampler has w = 1, v = 0 where l > 0 and w = 0, v = 1 where l = 0, and a jump between them; ours
    goes from one to the other, w^2 = h / (h + 1 / variance), v^2 = 1 - w^2 with h = l^2 / sigma_y^2, for data that are off by more than the
    images vary say little (`variance` large: as published). No singular value is computed: the three lines are functions of A^H A,
    applied by the Lanczos process. An estimator: what was measured is used anew in every step, in proportion to (1 - eta^2)^(1/2), hence
    eta of 0.95; with the published 0.85 the mean follows the noise of the data (README).
    Source: Kawar, Elad, Ermon, Song, Denoising diffusion restoration models, NeurIPS 2022, section 3. The times are those of EDM.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 20,
                 eta: Annotated[float, Ge(0), Le(1), "fresh noise where the data are worse than the state, or absent"] = 0.95,
                 eta_b: Annotated[float, Ge(0), Le(1), "share of the data where they are better than the state"] = 1.0,
                 variance: Annotated[float, Gt(0), "variance of the prior's images per number; data that are off by more count less"] = 1.0,
                 iterations: Annotated[int, Ge(1), "Lanczos iterations of a function of A^H A"] = 10,
                 sigma_max: Annotated[float, Gt(0), "largest ratio of noise to signal, at most that of the prior"] = 20.0,
                 sigma_min: Annotated[float, Gt(0), "ratio of noise to signal at the last denoising, at least that of the prior"] = 0.01,
                 start: Beginning = "estimate", level: Level = None, calls: Calls = 20) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.eta, self.eta_b, self.variance, self.iterations = prior, steps, eta, eta_b, variance, iterations
        self.sigma_max, self.sigma_min, self.start, self.level, self.calls = sigma_max, sigma_min, start, level, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one call of the prior and three functions of A^H A."""
        chain, (H, g) = Reverse(self.prior, problem, rng), information(problem)
        begun = begin(chain, self.start, self.level, self.sigma_min, self.sigma_max, self.calls)
        times = karras_times(chain.diffusion, self.steps, begun.level, self.sigma_min)
        x_t = begun.state(times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            x0, sigma_s = chain.x0(x_t, t), chain.ratio(s)
            x = x0
            if s:
                carried = (chain.decode(x_t / spread(chain.diffusion.alpha(t), x_t)) - x0) / chain.ratio(t)
                n = chain.decode(chain.diffusion.noise(x_t, rng))
                for part, f in ((g(x0), self.data), (carried, self.state), (n, self.fresh)):
                    x = x + function_of(H, part, partial(f, sigma=sigma_s), iterations=self.iterations)
            x_t = chain.diffusion.mean(chain.encode(x), s)
            yield Step(i, len(times) - 1, x0, t, x=x_t)

    def data(self, h: Tensor, sigma: float) -> Tensor:
        """What A^H (y - A x0) / sigma_y^2 is multiplied with, (sample, k)."""
        worse = (1 - self.eta**2) ** 0.5 * sigma / (h + 1 / self.variance).sqrt()
        return torch.where(h * sigma**2 >= 1, self.eta_b / h.clamp_min(1 / sigma**2), worse)

    def state(self, h: Tensor, sigma: float) -> Tensor:
        """What (x_t - x0) / sigma_t is multiplied with."""
        worse = (1 - self.eta**2) ** 0.5 * sigma * (1 + h * self.variance).rsqrt()
        return torch.where(h * sigma**2 >= 1, torch.zeros_like(h), worse)

    def fresh(self, h: Tensor, sigma: float) -> Tensor:
        """What the noise is multiplied with."""
        better = (sigma**2 - self.eta_b**2 / h.clamp_min(1 / sigma**2)).clamp_min(0).sqrt()
        return torch.where(h * sigma**2 >= 1, better, torch.full_like(h, self.eta * sigma))
