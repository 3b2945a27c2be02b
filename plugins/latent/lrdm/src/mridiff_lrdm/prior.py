"""The two priors: a code of k-space given what was measured, in a few large steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Field, Problem, Scaling, Space, Streams
from mridiff_sdk.fourier import fft
from mridiff_sdk.nets import Name, NetworkPrior, named

from .chain import ladder
from .codec import LatentKspace, gather
from .net import LatentNet
from .plugin import WEIGHTS

Levels = Annotated[int, Ge(2), "levels of the chain"]
KSPACE = {"y": "ky", "x": "kx"}


class KspacePrior(NetworkPrior[LatentNet]):
    """z_0 from z_t, real (sample, ..., token), given the condition c = E2(measured); its codec turns codes into images.

    Codes have mean square 1. Networks see every image in units of its own measured samples, so the scale of the images is free.
    """

    space: Space
    scaling = Scaling("p99-adjoint", 1.0)

    def __init__(self, weights: str, levels: int, training: str) -> None:
        super().__init__(named(LatentNet, weights, WEIGHTS, __file__, training), ladder(levels))
        self.space = Space(("token",), (self.model.latent,), False, kind="latent")
        self.codec = LatentKspace(self.model)

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """Measured k-space and what is missing, (..., ky, kx), and the condition of the code, (..., token).

        Raises DataError for a scan without a mask, TypeError without a linear operator.
        """
        if "mask" not in problem.acquisition:
            raise DataError("the scan has no mask, and the networks must know which samples are missing",
                            hint="Use a scan of Cartesian samples, whose acquisition holds its mask.")  # fmt: skip
        k = fft(problem.linear.H(problem.y))
        axes = tuple(KSPACE.get(a, a) for a in problem.space.axes)
        mask = aligned(problem.acquisition["mask"], axes).to(k.real.dtype)
        fields = {"measured": Field(mask * k, axes), "missing": Field((1 - mask).expand(k.shape), axes)}
        code = self.model.condition(gather(fields, k.shape[:-2], self.model.void)).reshape(*k.shape[:-2], -1)
        return fields | {"code": Field(code, (*axes[:-2], "token"))}

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The estimate of z_0 in the precision of z_t, for times in (0, 1], a number or (sample,).

        Raises DataError without the condition.
        """
        if not conditions or "code" not in conditions:
            raise DataError("the diffusion of codes needs the condition 'code'", hint="pass what conditions(problem) returns")
        time = torch.as_tensor(t, dtype=torch.float32, device=x_t.device).expand(len(x_t))
        z_0: Tensor = self.model.denoiser(x_t.float(), time, conditions["code"].data.float()).to(x_t.dtype)
        return z_0


class LatentPrior(KspacePrior):
    """All of k-space."""

    def __init__(self, weights: Name = "latent", levels: Levels = 4) -> None:
        super().__init__(weights, levels, "latent-kspace")


class HighFrequencyPrior(KspacePrior):
    """K-space without its centre, whose large values would outweigh the rest; decoded images lack it."""

    def __init__(self, weights: Name = "high", levels: Levels = 4) -> None:
        super().__init__(weights, levels, "hf-kspace")


def aligned(field: Field, axes: tuple[str, ...]) -> Tensor:
    """The tensor of a field with an axis of one for each of `axes` that it lacks, (sample, *axes)."""
    data = field.data
    for i, axis in enumerate(axes):
        if axis not in field.axes:
            data = data.unsqueeze(1 + i)
    return data
