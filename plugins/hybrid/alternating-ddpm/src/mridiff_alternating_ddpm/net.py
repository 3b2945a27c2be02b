"""The network of the second prior: a denoiser of k-space that sees it weighted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, Literal

import torch
from torch import Tensor

from mridiff.interfaces import spread
from mridiff_sdk.codecs import Power, RadialWeight
from mridiff_sdk.complex import from_channels, to_channels
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.nets import Preconditioned

Over = Literal["image", "kspace"]
WEIGHT = RadialWeight(Power(1.0, 0.3, 0.65), "pixel")
"""W, (r^2 + 0.3)^0.65 at r cycles per field of view: W k of heads has about the same size everywhere."""


class KSpaceNet(Preconditioned):
    """k0 = c_skip k + c_out F(c_in k, ln(sigma) / 4) for k = k0 + sigma n, complex (sample, ky, kx), n white.

    The factors are those of the class above at every radius on its own, where k-space has the size s(r) = sigma_data sqrt(ky kx) / W(r):
    c_in k is weighted k-space where k-space is stronger than noise, c_skip k Wiener's filter. `over` says where the convolutions of F run:
    over the image of weighted k-space, where edges are, or over weighted k-space itself. There F is told what such convolutions cannot
    find, in five channels more: the place, and k-space mirrored about its centre and conjugate, which is k-space itself for images of
    constant phase, turned by their phase.
    """

    def __init__(self, net: Mapping[str, Any], sigma_data: float, sigma_range: Sequence[float], over: Over = "image") -> None:
        super().__init__({**net, "condition_channels": 5 if over == "kspace" else 0}, sigma_data, sigma_range)
        self.architecture, self.over = {**self.architecture, "net": dict(net), "over": over}, over

    def forward(self, x: Tensor, sigma: float | Tensor, condition: Tensor | None = None) -> Tensor:
        """Estimate of k0 (sample, ky, kx) in the precision of x; sigma is a number or (sample,)."""
        level = torch.as_tensor(sigma, dtype=x.real.dtype, device=x.device).clamp(*self.sigma_range).expand(x.shape[0])
        s, size = spread(level, x), self.sigma_data * sqrt(x.shape[-2] * x.shape[-1]) / WEIGHT.weight(x)
        total = s**2 + size**2
        return x * (size**2 / total) + self.learned(x / total.sqrt(), level.log() / 4) * (s * size / total.sqrt())

    def learned(self, u: Tensor, number: Tensor) -> Tensor:
        """F of weighted k-space u (sample, ky, kx) and numbers (sample,)."""
        precision, told = self.net.head.weight.dtype, None
        if self.over == "kspace":
            told = torch.cat([to_channels(mirrored(u)), place(u).expand(len(u), -1, -1, -1)], dim=1).to(precision)
        seen = to_channels(u if self.over == "kspace" else ifft(u)).to(precision).contiguous(memory_format=torch.channels_last)
        out = from_channels(self.net(seen, number.to(precision), told).to(u.real.dtype))
        return out if self.over == "kspace" else fft(out)


def mirrored(u: Tensor) -> Tensor:
    """conj(u) at the opposite place, turned to fit u best, complex (sample, ky, kx); 0 where there is no opposite place."""
    other = torch.zeros_like(u)
    rows, columns = (slice(1 - n % 2, None) for n in u.shape[-2:])
    inner = u[..., rows, columns]
    other[..., rows, columns] = inner.flip((-2, -1)).conj()
    turn = (u * other.conj()).sum((-2, -1), keepdim=True)
    return other * torch.polar(torch.ones_like(turn.real), turn.angle())


def place(like: Tensor) -> Tensor:
    """ky, kx from -1 to 1 and their distance to the centre, real (1, 3, ky, kx), for k-space (sample, ky, kx)."""
    axes = [(torch.arange(n, device=like.device) - n // 2) * (2 / n) for n in like.shape[-2:]]
    ky, kx = torch.meshgrid(axes, indexing="ij")
    return torch.stack([ky, kx, torch.hypot(ky, kx)])[None]
