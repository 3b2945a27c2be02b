"""Converted: public EDM and NCSN++ networks as priors, from files that `mridiff convert` made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import torch
from annotated_types import Gt
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Field, Prior, Scaling, Space, Streams
from mridiff_sdk.complex import channel_std, complex_std, from_channels, to_channels
from mridiff_sdk.diffusions import VE
from mridiff_sdk.nets import Converted as Network

__all__ = ["Converted", "ConvertedReal"]

Where = Annotated[str, "a file made by `mridiff convert`"]
Size = Annotated[float, Gt(0), "99th percentile of the magnitude of the images it was trained on, in their own units"]


def load(path: str, channels: int) -> Network:
    """The network in a file; raises DataError where it has another number of channels."""
    model = Network.load(Path(path))
    if model.channels != channels:
        hint = "`converted` is for two channels (real and imaginary part), `converted-real` for one"
        raise DataError(f"{path}: the network has {model.channels} channel(s); here {channels} are needed", hint=hint)
    return model


class Converted(Prior):
    """E[x0 | x_t] of complex images, x_t = x0 + t n, from a network whose two channels are real and imaginary part."""

    space = Space(("y", "x"))

    def __init__(self, path: Where, p99: Size = 1.0) -> None:
        super().__init__()
        self.model, self.scaling = load(path, 2), Scaling("p99-adjoint", p99)
        low, high = self.model.sigma_range
        self.diffusion = VE(complex_std(low), complex_std(high))

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Denoised images (sample, y, x), for a noise level t per complex number."""
        return from_channels(self.model(to_channels(x_t), channel_std(torch.as_tensor(t))))


class ConvertedReal(Prior):
    """E[x0 | x_t] of real images (magnitudes), x_t = x0 + t n; complex images are served part by part, or by their magnitudes."""

    def __init__(self, path: Where, p99: Size = 1.0,
                 serves: Annotated[Literal["parts", "magnitude"], "of complex images: real and imaginary part, or the magnitude at the "
                                   "phase of the measurement, which must be smooth"] = "parts") -> None:  # fmt: skip
        super().__init__()
        self.space = Space(("y", "x"), complex=False, kind="magnitude" if serves == "magnitude" else "image")
        self.model, self.scaling = load(path, 1), Scaling("p99-adjoint", p99)
        self.diffusion = VE(*self.model.sigma_range)

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Denoised images (sample, y, x), for a noise level t."""
        out: Tensor = self.model(x_t[:, None], t)
        return out[:, 0]
