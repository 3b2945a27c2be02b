"""A prior of magnitudes on complex images whose phase the measurement tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from mridiff.interfaces import Field, LinearOperator, Prior, Problem, Streams, spread

from ..fourier import fft, ifft

PHASE = "phase"
WIDTH = 0.25
"""Share of k-space, along each axis, whose image has the phase."""


class Magnitude(Prior):
    """x_t -> e^(i p) D(Re(e^(-i p) x_t)): the magnitude is denoised, and the phase p kept, that of the first look at low resolution.

    The part of the noise that is orthogonal to the phase is dropped, and the other has 1 / sqrt(2) of its level, at which the prior is
    asked; it needs a Gaussian diffusion. Exact where the image is r e^(i p) with r of the prior, and without bias at any noise, which
    |x_t| is not. Phases that vary within few voxels are lost, and so is what is not in phase: `ReIm` keeps both, with a prior whose
    images have no sign. Without a linear operator p = 0. Source of the phase: Noll, Nishimura, Macovski, IEEE TMI 10, 1991.
    """

    def __init__(self, prior: Prior) -> None:
        super().__init__()
        if prior.space.complex:
            raise ValueError(f"Magnitude is for a prior of real images; this one speaks of {prior.space}")
        self.prior = prior
        self.space = replace(prior.space, complex=True)
        self.diffusion, self.scaling = prior.diffusion, prior.scaling

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """Those of the prior, and the phase in radians, (sample, *problem.space)."""
        A, y = problem.A, problem.y
        look = A.rough(y) if isinstance(A, LinearOperator) and y is not None else torch.ones(1, *problem.space.shape, dtype=torch.complex64)
        dims = tuple(problem.space.dim(a) for a in problem.space.axes if a in ("z", "y", "x"))
        return self.prior.conditions(problem) | {PHASE: Field(smoothed(look, dims).angle(), problem.space.axes, "rad")}

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Estimate of x0, complex (sample, *space), from one call; raises KeyError without the phase among the conditions."""
        d, given = self.diffusion, dict(conditions or {})
        p = given.pop(PHASE).data.to(x_t.real.dtype)
        turn = torch.polar(torch.ones_like(p), p)
        inner = d.time(d.sigma(t) / d.alpha(t) * 0.5**0.5)
        x = x_t * spread(d.alpha(inner) / d.alpha(t), x_t)
        x0: Tensor = self.prior((turn.conj() * x).real, inner, given, rng)
        return turn * x0


def smoothed(x: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Images of the middle of k-space along these dimensions, under a Hann window."""
    k = fft(x, dims)
    for d in dims:
        n = x.shape[d]
        place = (torch.arange(n, device=x.device) - n // 2) / max(WIDTH * n / 2, 1.0)
        window = torch.where(place.abs() < 1, torch.cos(place * torch.pi / 2) ** 2, 0.0)
        k = k * window.to(x.real.dtype).reshape(-1, *(1,) * (-1 - d))
    return ifft(k, dims)
