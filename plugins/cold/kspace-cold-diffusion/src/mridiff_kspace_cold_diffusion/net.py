"""The restorer's network: an undersampled image and its time in, the image out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mridiff_sdk.complex import from_channels, to_channels
from mridiff_sdk.nets import Described, UNet


class RestorerNet(Described):
    """x0 = x_t + F(x_t, t), complex (sample, y, x), t in [0, 1] a number or (sample,), with the UNet F of the sdk.

    Where it was trained from t = `least` on, x0 = x_t + (t / least) F(x_t, least) below: at t = 0 nothing is missing.
    """

    def __init__(self, widths: Sequence[int] = (32, 64, 96, 128), blocks: Sequence[int] = (1, 1, 1, 1), features: int = 64,
                 unshuffle: int = 2, least: float = 0.0) -> None:  # fmt: skip
        super().__init__()
        self.architecture = {"widths": list(widths), "blocks": list(blocks), "features": features, "unshuffle": unshuffle}
        if least:
            self.architecture["least"] = least
        self.least = least
        self.net = UNet(2, 2, widths=widths, blocks=blocks, features=features, unshuffle=unshuffle)
        self.net = self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a seventh faster on a CPU

    def forward(self, x_t: Tensor, t: float | Tensor) -> Tensor:
        """The estimate of x0 in the precision of x_t."""
        precision = self.net.head.weight.dtype
        time = torch.as_tensor(t, dtype=precision, device=x_t.device).expand(len(x_t))
        u = to_channels(x_t).to(precision).contiguous(memory_format=torch.channels_last)
        # The embedding resolves numbers of the size of a few units.
        missing = from_channels(self.net(u, 4 * time.clamp(min=self.least) - 2).to(x_t.real.dtype))
        return x_t + (time / self.least).clamp(max=1).to(x_t.real.dtype)[:, None, None] * missing if self.least else x_t + missing
