"""Latent refinement: the image of one few-step chain, its high frequencies from another, and the measured samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.codecs import radius
from mridiff_sdk.consistency import replacement
from mridiff_sdk.diffusions import uniform
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.reverse import Reverse

from .chain import reverse
from .seen import CENTRE


class LRDM(Sampler):
    """x_A = decode(z_0) of the first prior, x_B of the second; k = F x_A in the centre, (F x_A + F x_B) / 2 outside; k = y where measured.

    z_T ~ N(0, 1), and z_s = E[q(z_s | z_t, z_0(z_t))] in `steps` even steps of time, without noise: the seed decides z_T and nothing
    else. No data step is made on the way, so the priors must know the measurement as a condition. Each image of the
    unknown (coil, frame) has a chain of its own. Source: Lu et al., Biomed. Phys. Eng. Express 11(5), 2025, and what its code does.
    """

    def __init__(self, latent_prior: Prior, hf_prior: Prior, *,
                 steps: Annotated[int, Ge(1), "steps of each chain"] = 4,
                 combine: Annotated[Literal["average", "swap", "latent"], "outside of the centre: the mean of both priors, the second's "
                                    "alone, or the first's alone, which leaves the second out"] = "average",
                 centre: Annotated[float, Ge(0), Le(1), "radius of the centre, relative to the side of k-space"] = CENTRE,
                 ) -> None:  # fmt: skip
        super().__init__()
        self.latent_prior, self.hf_prior = latent_prior, hf_prior
        self.steps, self.combine, self.centre = steps, combine, centre

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per prior."""
        total = 1 if self.combine == "latent" else 2
        x = self.decoded(self.latent_prior, problem, rng)
        yield Step(0, total, replacement(problem, x), stage="latent")
        if self.combine != "latent":
            high = self.decoded(self.hf_prior, problem, rng)
            yield Step(1, total, replacement(problem, self.combined(x, high)), stage="high frequencies")

    def decoded(self, prior: Prior, problem: Problem, rng: Streams) -> Tensor:
        """The image (sample, *domain) at the end of a chain."""
        chain = Reverse(prior, problem, rng)
        return chain.decode(self.code(chain))

    def code(self, chain: Reverse) -> Tensor:
        """z_0 (sample, *prior.space), from noise."""
        times = uniform(chain.diffusion, self.steps).tolist()
        return reverse(chain.u0, chain.diffusion, chain.noise(times[0]), times, chain.rng)

    def combined(self, x: Tensor, high: Tensor) -> Tensor:
        """x in the centre of k-space, `high` outside, or half of each there."""
        share = 1.0 if self.combine == "swap" else 0.5
        ny, nx = x.shape[-2:]
        outside = share * (radius(ny, nx) >= self.centre * min(ny, nx)).to(x.device, x.real.dtype)
        return ifft(torch.lerp(fft(x), fft(high), outside.to(x.dtype)))
