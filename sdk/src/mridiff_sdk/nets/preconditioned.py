"""Preconditioned: a network for complex images at every noise level, with inputs and outputs of unit size; its file describes itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from mridiff.errors import DataError
from mridiff.interfaces.diffusion import spread
from mridiff.io.weights import load_into, read_weights, write_weights

from ..complex import from_channels, to_channels
from .unet import UNet


class Preconditioned(nn.Module):
    """x0 = c_skip x + c_out F(c_in x, ln(sigma) / 4) for x = x0 + sigma n, complex (sample, *size); sigma is per complex number.

    `net` holds the arguments of the UNet F; `sigma_data` is the root mean square of the images; `sigma_range` the levels it was
    trained on, to which others are clamped. Source: Karras et al., Elucidating the design space of diffusion models, 2022, table 1.
    """

    def __init__(self, net: Mapping[str, Any], sigma_data: float, sigma_range: tuple[float, float]) -> None:
        super().__init__()
        self.architecture: dict[str, Any] = {"net": dict(net), "sigma_data": sigma_data, "sigma_range": list(sigma_range)}
        self.sigma_data, self.sigma_range = sigma_data, sigma_range
        self.net = UNet(**net)
        if self.net.dims == 2:
            self.net = self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a seventh faster on a CPU; no such format is used for volumes

    def forward(self, x: Tensor, sigma: float | Tensor, condition: Tensor | None = None) -> Tensor:
        """Estimate of x0 in the precision of x; sigma is a number or (sample,), condition real (sample, channel, *size)."""
        level = torch.as_tensor(sigma, dtype=x.real.dtype, device=x.device).clamp(*self.sigma_range).expand(x.shape[0])
        s = spread(level, x)
        total = s**2 + self.sigma_data**2
        precision = self.net.head.weight.dtype
        u = to_channels(x / total.sqrt()).to(precision)
        if self.net.dims == 2:
            u = u.contiguous(memory_format=torch.channels_last)
        out = self.net(u, (level.log() / 4).to(precision), condition)
        return x * (self.sigma_data**2 / total) + from_channels(out.to(x.real.dtype)) * (s * self.sigma_data / total.sqrt())

    def save(self, path: Path, **notes: str) -> str:
        """Write the parameters as float16 with the architecture and notes in the header; returns the SHA-256 of the file."""
        tensors = {k: v.detach().to(torch.float16) for k, v in self.net.state_dict().items()}
        return write_weights(path, tensors, {"architecture": json.dumps(self.architecture, sort_keys=True), **notes})

    @classmethod
    def load(cls, path: Path, sha256: str | None = None) -> Self:
        """The network in a file that `save` wrote, in float32, fixed.

        Raises DataError where the file is absent or does not describe itself, UnsafeInput where it has another hash.
        """
        tensors, header = read_weights(path, sha256)
        try:
            described = json.loads(header["architecture"])
            out = cls(described["net"], described["sigma_data"], tuple(described["sigma_range"]))
        except (KeyError, TypeError, ValueError) as error:
            hint = "use a file written by Preconditioned.save"
            raise DataError(f"{path}: the header does not describe a network that is known here: {error!r}", hint=hint) from error
        load_into(out.net, tensors)
        return out.eval().requires_grad_(False)
