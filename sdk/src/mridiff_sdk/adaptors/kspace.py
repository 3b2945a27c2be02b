"""A prior of k-space for an operator that speaks of images."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mridiff.interfaces import Field, Prior, Problem, Streams

from ..codecs import Fourier


class InKspace(Prior):
    """`prior`, which speaks of k-space (..., ky, kx) itself, behind the unitary Fourier transform: white noise of images is white there."""

    def __init__(self, prior: Prior) -> None:
        super().__init__()
        if prior.codec.kind != "identity" or prior.space.axes[-2:] != ("ky", "kx"):
            raise ValueError(f"InKspace is for a prior of k-space (..., ky, kx) without a codec; this one speaks of {prior.space}")
        axes = ("z", "y", "x") if "kz" in prior.space.axes else ("y", "x")
        self.prior, self.space, self.codec = prior, prior.space, Fourier(axes)
        self.diffusion, self.scaling = prior.diffusion, prior.scaling

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """Those of the prior."""
        return self.prior.conditions(problem)

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Estimate of x0, k-space (sample, *space)."""
        x0: Tensor = self.prior(x_t, t, conditions, rng)
        return x0
