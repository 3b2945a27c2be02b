"""A prior of real images on the two parts of complex ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from mridiff.interfaces import Field, Prior, Problem, Streams, spread


class ReIm(Prior):
    """`prior`, trained on real images, on real and imaginary part as if they were independent images.

    The noise level of a complex number is sqrt(2) that of its parts, so the prior is asked at the time of the ratio divided by sqrt(2), and
    its input brought to the alpha of that time; that needs a Gaussian diffusion. A discrete chain answers at its nearest level.
    """

    def __init__(self, prior: Prior) -> None:
        super().__init__()
        if prior.space.complex:
            raise ValueError(f"ReIm is for a prior of real images; this one speaks of {prior.space}")
        self.prior = prior
        self.space = replace(prior.space, complex=True)
        self.diffusion, self.scaling = prior.diffusion, prior.scaling

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """Those of the prior."""
        return self.prior.conditions(problem)

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Estimate of x0, complex (sample, *space), from two calls."""
        d = self.diffusion
        inner = d.time(d.sigma(t) / d.alpha(t) * 0.5**0.5)
        x = x_t * spread(d.alpha(inner) / d.alpha(t), x_t)
        parts = [self.prior(part, inner, conditions, rng) for part in (x.real, x.imag)]
        return torch.complex(parts[0], parts[1])
