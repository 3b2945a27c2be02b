"""deepinv's DRUNet as a prior, from a file of its user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
from annotated_types import Gt
from torch import Tensor

from mridiff.errors import DataError, boundary
from mridiff.interfaces import Field, Prior, Scaling, Space, Streams
from mridiff_sdk.complex import channel_std, complex_std, from_channels, to_channels
from mridiff_sdk.diffusions import VE
from mridiff_sdk.io import load_into, read_weights
from mridiff_sdk.nets import bounded

__all__ = ["DRUNet", "DRUNetReal"]

LOW, HIGH = 1e-3, 0.3
"""The noise levels, in images from 0 to 1, at which the network is asked."""
Where = Annotated[str, "a .safetensors file with the parameters of a deepinv.models.DRUNet"]
Bound = Annotated[float, Gt(0), "the network's 0 and 1 are minus and plus this, in units of the 99th percentile of the magnitude"]


class DRUNetReal(Prior):
    """E[x0 | x_t] of real images, x_t = x0 + t n, from a DRUNet of one channel; complex images are served part by part.

    The network sees u = 1/2 + x / (2 bound), at the noise level t / (2 bound). Its width and depth are those of the file's tensors.
    Source: Zhang et al., Plug-and-play image restoration with deep denoiser prior, 2021, section 3.
    """

    space, channels = Space(("y", "x"), complex=False), 1

    def __init__(self, path: Where, bound: Bound = 1.5) -> None:
        super().__init__()
        from deepinv.models import DRUNet as Network

        tensors, _ = read_weights(path)
        with boundary(f"{path}: these are not the parameters of a DRUNet"):
            blocks = max(int(name.split(".")[1]) for name in tensors if name.startswith("m_down1."))
            widths = [len(tensors["m_head.weight"]), *(len(tensors[f"m_down{i}.{blocks}.weight"]) for i in (1, 2, 3))]
            seen = tensors["m_head.weight"].shape[1] - 1
        if seen != self.channels:
            raise DataError(f"{path}: the network has {seen} channel(s); here {self.channels} are needed",
                            hint="`deepinv-drunet` is for two (real and imaginary part), `deepinv-drunet-real` for one")  # fmt: skip
        with bounded(path, tensors):
            self.model = Network(seen, seen, nc=tuple(widths), nb=blocks, pretrained=None)
            load_into(self.model, tensors)
        self.model.eval().requires_grad_(False)
        self.bound, self.scaling = bound, Scaling("p99-adjoint", 1.0)
        level = complex_std if self.space.complex else float
        self.diffusion = VE(float(level(2 * bound * LOW)), float(level(2 * bound * HIGH)))

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Denoised images (sample, y, x), for a noise level t per number."""
        precision = self.model.m_head.weight.dtype
        level = torch.as_tensor(t, dtype=precision, device=x_t.device) / (2 * self.bound)
        u = (0.5 + self._channels(x_t) / (2 * self.bound)).to(precision)
        sigma = (channel_std(level) if self.space.complex else level).expand(len(u))
        u0: Tensor = self.model(u, sigma).to(x_t.real.dtype)
        return self._image((u0 - 0.5) * (2 * self.bound))

    def _channels(self, x: Tensor) -> Tensor:
        return x[:, None]

    def _image(self, u: Tensor) -> Tensor:
        return u[:, 0]


class DRUNet(DRUNetReal):
    """E[x0 | x_t] of complex images from a DRUNet whose two channels are real and imaginary part."""

    space, channels = Space(("y", "x")), 2

    def _channels(self, x: Tensor) -> Tensor:
        return to_channels(x)

    def _image(self, u: Tensor) -> Tensor:
        return from_channels(u)
