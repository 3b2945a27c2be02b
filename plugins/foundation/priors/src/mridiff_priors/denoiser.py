"""Denoiser: a trained network as a prior, E[x0 | x0 + sigma n] for complex images of any size at any noise level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import torch
from torch import Tensor

from mridiff.interfaces import Field, Scaling, Space, Streams
from mridiff_sdk.diffusions import VE
from mridiff_sdk.nets import Name, NetworkPrior, Preconditioned, fast_bfloat16, named

from .plugin import WEIGHTS

__all__ = ["Denoiser", "load"]


def load(weights: str) -> Preconditioned:
    """A network by the name of weights that come with this package, or by the path of a file; raises what `named` does."""
    return named(Preconditioned, weights, WEIGHTS, __file__, "denoiser")


class Denoiser(NetworkPrior[Preconditioned]):
    """E[x0 | x_t] for x_t = x0 + t n: images complex (sample, y, x), scaled so that the 99th percentile of |x0| is about 1."""

    space = Space(("y", "x"))
    scaling = Scaling("p99-adjoint", 1.0)

    def __init__(
        self,
        weights: Name = "brain",
        precision: Annotated[Literal["auto", "float32", "bfloat16"], "auto: bfloat16 where the processor computes in it"] = "auto",
    ) -> None:
        net = load(weights)
        super().__init__(net, VE(*net.sigma_range))
        self.precision = precision

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Denoised images (sample, y, x) in the precision of x_t, for a noise level t: a number or (sample,)."""
        # double precision in asks for exactness, half precision would spoil it
        half = self.precision == "bfloat16" or (self.precision == "auto" and x_t.dtype == torch.complex64 and fast_bfloat16(x_t.device))
        with torch.autocast(x_t.device.type, torch.bfloat16, enabled=half):
            return super().forward(x_t, t)
