"""Preconditioned: a network for complex images at every noise level, with inputs and outputs of unit size; its file describes itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mridiff.interfaces import spread

from ..complex import from_channels, to_channels
from ..io.weights import read_weights
from .described import Described
from .unet import UNet, deepen


class Preconditioned(Described):
    """x0 = c_skip x + c_out F(c_in x, ln(sigma) / 4) for x = x0 + sigma n, complex (sample, *size); sigma is per complex number.

    `net` holds the arguments of the UNet F; `sigma_data` is the root mean square of the images; `sigma_range` the levels it was
    trained on, to which others are clamped. Source: Karras et al., Elucidating the design space of diffusion models, 2022, table 1.
    """

    def __init__(self, net: Mapping[str, Any], sigma_data: float, sigma_range: Sequence[float]) -> None:
        super().__init__()
        self.architecture = {"net": dict(net), "sigma_data": sigma_data, "sigma_range": list(sigma_range)}
        self.sigma_data, self.sigma_range = float(sigma_data), (float(sigma_range[0]), float(sigma_range[1]))
        self.net = UNet(**net)
        if self.net.dims == 2:
            self.net = self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a seventh faster on a CPU; no such format is used for volumes

    @property
    def kept(self) -> nn.Module:
        """F: the factors have no parameters."""
        return self.net

    def start_from(self, path: Path) -> None:
        """Take the parameters in a file, also those of an F of fewer levels; raises DataError where they do not fit."""
        deepen(self.net, read_weights(path)[0])

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
