"""The network of the prior: a preconditioned UNet of real volumes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mridiff.interfaces import spread
from mridiff_sdk.nets import Described, UNet


class VolumeNet(Described):
    """x0 = c_skip x + c_out F(c_in x, ln(sigma) / 4) for x = x0 + sigma n, real (sample, z, y, x), with the UNet F of the sdk.

    `sigma_data` is the root mean square of the volumes; `sigma_range` the levels it was trained on, to which others are clamped.
    Source: Karras et al., Elucidating the design space of diffusion models, 2022, table 1.
    """

    def __init__(self, widths: Sequence[int], blocks: Sequence[int], features: int, unshuffle: int, sigma_data: float,
                 sigma_range: Sequence[float]) -> None:  # fmt: skip
        super().__init__()
        self.architecture = {"widths": list(widths), "blocks": list(blocks), "features": features, "unshuffle": unshuffle,
                             "sigma_data": sigma_data, "sigma_range": list(sigma_range)}  # fmt: skip
        self.sigma_data, self.sigma_range = sigma_data, (float(sigma_range[0]), float(sigma_range[1]))
        self.net = UNet(1, 1, widths=widths, blocks=blocks, features=features, unshuffle=unshuffle, dims=3)

    def forward(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        """Estimate of x0 in the precision of x; sigma is a number or (sample,)."""
        level = torch.as_tensor(sigma, dtype=x.dtype, device=x.device).clamp(*self.sigma_range).expand(len(x))
        s = spread(level, x)
        total = s**2 + self.sigma_data**2
        precision = self.net.head.weight.dtype
        out = self.net((x / total.sqrt())[:, None].to(precision), (level.log() / 4).to(precision))[:, 0]
        x0: Tensor = x * (self.sigma_data**2 / total) + out.to(x.dtype) * (s * self.sigma_data / total.sqrt())
        return x0
