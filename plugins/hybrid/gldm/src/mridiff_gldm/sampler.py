"""GLDM: a global and a local prior in cascade inside every step, then low rank over space and time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.interfaces import Diffusion, Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import hankel_low_rank, replacement
from mridiff_sdk.diffusions import Row, corrector, ve_reverse
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.reverse import Reverse


class GLDM(Sampler):
    """x = A^H y;  per level: predict, keep the data, correct with the global prior, then with the local one; low rank; keep the data.

    u is x in the space of the prior at work. A predictor goes from u to u + (sigma_t^2 - sigma_s^2) score(u, t), without noise. A
    corrector moves u by the mean score of `copies` copies with fresh noise, as far as the signal-to-noise rule says, and keeps the mean.
    Low rank: the block-Hankel matrix of all frames together, truncated to the rank floor(rank w^2) for windows of w x w. All frames
    share one step size. The series is never started from noise. Source: Guan et al., arXiv 2411.03723, and its released code.
    """

    def __init__(self, global_prior: Prior, local_prior: Prior, *,
                 steps: Annotated[int, Ge(1), "noise levels"] = 100,
                 sigma_max: Annotated[float, Gt(0), "first noise level, per complex number of weighted k-space"] = 8.0,
                 sigma_min: Annotated[float, Gt(0), "last noise level"] = 0.02,
                 snr: Annotated[float, Ge(0), "signal-to-noise ratio of the correctors; 0 leaves them out"] = 0.0,
                 copies: Annotated[int, Ge(1), "noisy copies over which a corrector averages the score"] = 3,
                 low_rank: Annotated[bool, "whether a step ends with the low-rank projection"] = True,
                 window: Annotated[int, Ge(1), "side of the k-space window of the block-Hankel matrix, in samples"] = 5,
                 rank: Annotated[float, Gt(0), "rank over the number of samples in a window"] = 1.5) -> None:  # fmt: skip
        super().__init__()
        self.global_prior, self.local_prior = global_prior, local_prior
        self.steps, self.sigma_max, self.sigma_min = steps, sigma_max, sigma_min
        self.snr, self.copies, self.low_rank, self.window, self.rank = snr, copies, low_rank, window, rank

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per noise level, from the zero-filled series on."""
        chains = [Reverse(prior, problem, rng) for prior in (self.global_prior, self.local_prior)]
        x = problem.linear.H(problem.y)
        x = x.expand(len(rng), *x.shape[1:])
        for i, (t, s) in enumerate(pairwise(self.levels())):
            for chain in chains:
                x = replacement(problem, chain.decode(self.predict(chain, chain.encode(x), t, s)))
                x = chain.decode(self.correct(chain, chain.encode(x), t))
            x = replacement(problem, x)
            if self.low_rank:
                x = replacement(problem, self.project(x))
            yield Step(i, self.steps, x, t)

    def levels(self) -> list[float]:
        """The noise levels, falling by equal factors; one more than there are steps."""
        share = torch.linspace(0, 1, self.steps + 1, dtype=torch.float64)
        levels: list[float] = (self.sigma_max * (self.sigma_min / self.sigma_max) ** share).tolist()
        return levels

    def predict(self, chain: Reverse, u: Tensor, sigma_t: float, sigma_s: float) -> Tensor:
        """The mean of the reverse diffusion from one level to the next."""
        t, s = (float(chain.diffusion.time(sigma)) for sigma in (sigma_t, sigma_s))
        return chain.step(u, chain.u0(u, t), t, s, mean_of_ve_reverse)

    def correct(self, chain: Reverse, u: Tensor, sigma: float) -> Tensor:
        """The mean of one Langevin move whose score is averaged over noisy copies.

        The copies stand about u at the distance that the rule gives for a score of its typical length, 1 / sigma per number.
        """
        if self.snr == 0:
            return u
        beside = u[:, None].expand(-1, self.copies, *u.shape[1:])
        near = beside + 2 * self.snr * sigma * chain.diffusion.noise(beside, chain.rng)
        score = chain.score(near.flatten(0, 1), float(chain.diffusion.time(sigma))).unflatten(0, (len(u), self.copies)).mean(1)
        return corrector(u, score, self.snr, chain.rng, chain.diffusion.noise)[1]

    def project(self, x: Tensor) -> Tensor:
        """One pass of low rank over the k-space of all frames."""
        wide = (self.window, self.window)
        columns = self.window**2 * x[0, ..., 0, 0].numel()
        low = ifft(hankel_low_rank(fft(x), min(columns, max(1, int(self.rank * self.window**2))), wide))
        return low if x.is_complex() else low.real


def mean_of_ve_reverse(diffusion: Diffusion, t: float | Tensor, s: float | Tensor) -> Row:
    """The row of `ve_reverse` without its noise."""
    r, tau = ve_reverse(diffusion, t, s)
    return r, torch.zeros_like(tau)
