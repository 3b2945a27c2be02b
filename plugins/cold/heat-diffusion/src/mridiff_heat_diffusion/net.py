"""The network: a blurred and noisy image and its time in, the image out; its file says which ladder it was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mridiff.interfaces import spread
from mridiff_sdk.complex import from_channels, to_channels
from mridiff_sdk.nets import Described, UNet

from .ladder import BLUR, NOISE, ladder, level


class HeatNet(Described):
    """x0 = c_skip x_t + c_out F(c_in x_t, ln(s_t) / 4), complex (sample, y, x), t in [0, 1] a number or (sample,).

    `net` holds the arguments of the UNet F, `sigma_data` is the root mean square of images, and `blur`, `noise` and `grows` are those of
    the ladder. s_t grows with the levels of `noise` even where the noise does not, and tells how much is missing. The study's network
    is x_t - x0; c_skip, c_in and c_out are those of a denoiser at sigma_t, s_t instead of it in c_out: Karras et al., NeurIPS 2022.
    """

    def __init__(self, net: Mapping[str, Any], sigma_data: float, blur: Sequence[float] | None = BLUR, noise: Sequence[float] = NOISE,
                 grows: bool = True) -> None:  # fmt: skip
        super().__init__()
        self.architecture = {"net": dict(net), "sigma_data": sigma_data, "blur": None if blur is None else list(blur),
                             "noise": list(noise), "grows": grows}  # fmt: skip
        self.sigma_data, self.diffusion, self.level = sigma_data, ladder(blur, noise, grows), level(noise)
        self.net = UNet(**net)
        self.net = self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a seventh faster on a CPU

    @property
    def kept(self) -> nn.Module:
        """F, whose parameters have the names of those of a denoiser, from which it can start."""
        return self.net

    def reach(self, t: Tensor) -> Tensor:
        """c_out at times (sample,): how far x0 is from c_skip x_t, root mean square."""
        s = self.level(t)
        return s * self.sigma_data / torch.hypot(s, torch.full_like(s, self.sigma_data))

    def forward(self, x_t: Tensor, t: float | Tensor) -> Tensor:
        """The estimate of x0 in the precision of x_t."""
        time = torch.as_tensor(t, dtype=torch.float64, device=x_t.device).expand(len(x_t))
        precision = self.net.head.weight.dtype
        total = spread(self.diffusion.sigma(time), x_t) ** 2 + self.sigma_data**2
        u = to_channels(x_t / total.sqrt()).to(precision).contiguous(memory_format=torch.channels_last)
        number = self.level(time).clamp_min(self.level.low).log() / 4  # at time 0 nothing is missing, and F is not asked
        F = from_channels(self.net(u, number.to(precision)).to(x_t.real.dtype))
        return x_t * (self.sigma_data**2 / total) + spread(self.reach(time), x_t) * F
