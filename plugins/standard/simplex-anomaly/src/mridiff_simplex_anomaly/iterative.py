"""simplex-iterative: the same partial diffusion undone step by step, as in AnoDDPM; what one call is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Diffusion, Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.diffusions import FourierDiffusion, Row, ddpm
from mridiff_sdk.reverse import Reverse

from .evidence import LESION, Side, clipped, evidence
from .sampler import Level, Threshold


class SimplexIterative(Sampler):
    """x_t = alpha x + sigma n;  then for every t down to 0: x0 = clip((x_t - sigma eps) / alpha),  x_s = mean(x_t, x0) + sqrt(beta_t) n.

    n is simplex noise, `mean` that of q(x_s | x_t, x0). x0 of the last step is the result; evidence as in `SimplexOneStep`. Source: Wyatt
    et al., AnoDDPM, CVPR workshops 2022, with the variance of its code. Raises DataError for a prior of another kind of diffusion.
    """

    def __init__(self, prior: Prior, *, level: Level = 0.1, threshold: Threshold = 0.15, side: Side = "both") -> None:
        super().__init__()
        self.prior, self.level, self.threshold, self.side = prior, level, threshold, side

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per level."""
        chain = Reverse(self.prior, problem, rng)
        if isinstance(chain.diffusion, FourierDiffusion):
            raise DataError("a chain of one noise level after the other needs a prior of such a chain, and this one takes k-space away",
                            hint="Use a prior such as simplex-ddpm.")  # fmt: skip
        levels = chain.diffusion.levels or 1000
        count = max(1, round(self.level * levels))
        x = problem.linear.rough(problem.y).expand(len(rng), *problem.space.shape)
        x_t = chain.noised(x, count / levels)
        for i, (t, s) in enumerate(pairwise(k / levels for k in range(count, -1, -1))):
            x0 = clipped(chain.x0(x_t, t))
            x_t = chain.onward(x_t, x0, t, s, broad)
            yield Step(i, count, x0, t, x=x_t, outputs={LESION: evidence(x, x0, self.threshold, self.side)})


def broad(diffusion: Diffusion, t: float | Tensor, s: float | Tensor) -> Row:
    """The mean of q(x_s | x_t, x0), and the variance beta_t = 1 - alpha_t^2 / alpha_s^2, the larger of the two of Ho et al., 2020."""
    r, _ = ddpm(diffusion, t, s)
    a = diffusion.alpha(t) / diffusion.alpha(s)
    tau = (1 - a**2).clamp_min(0).sqrt()
    return r, torch.where(diffusion.sigma(s) > 0, tau, torch.zeros_like(tau))
