"""Channel attention: transformer blocks whose attention compares channels over the whole image, at a cost linear in its pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ChannelNorm(nn.Module):
    """x over its root mean square across the channels of each pixel, times a learned factor per channel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as x (sample, channel, y, x)."""
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-6) * self.weight


class ChannelAttention(nn.Module):
    """softmax(a q k^T) v with q, k, v (channel, pixel): unit vectors over all pixels, compared channel by channel within each head.

    Source: Zamir et al., Restormer, CVPR 2022, equation 1 (1 x 1 and depth-wise 3 x 3 convolutions make q, k and v).
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{width} channels cannot be shared evenly by {heads} heads")
        self.heads = heads
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.split = nn.Conv2d(width, 3 * width, 1)
        self.local = nn.Conv2d(3 * width, 3 * width, 3, padding=1, groups=3 * width)
        self.out = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as x (sample, channel, y, x)."""
        n, c, ny, nx = x.shape
        q, k, v = self.local(self.split(x)).reshape(n, 3, self.heads, c // self.heads, ny * nx).unbind(1)
        alike = functional.normalize(q, dim=-1) @ functional.normalize(k, dim=-1).mT
        mixed: Tensor = self.out(((alike * self.temperature).softmax(-1) @ v).reshape(n, c, ny, nx))
        return mixed


class GatedFeedForward(nn.Module):
    """out(gelu(a) b), where a and b are depth-wise convolutions of a wider layer; Restormer, equation 2."""

    def __init__(self, width: int, expansion: float = 1.8) -> None:
        super().__init__()
        hidden = round(width * expansion)
        self.grow = nn.Conv2d(width, 2 * hidden, 1)
        self.local = nn.Conv2d(2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden)
        self.out = nn.Conv2d(hidden, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as x (sample, channel, y, x)."""
        a, b = self.local(self.grow(x)).chunk(2, dim=1)
        out: Tensor = self.out(functional.gelu(a) * b)
        return out


class ModulatedTransformerBlock(nn.Module):
    """h = x + attention(m(x)), then h + feedforward(m'(h)), with m(x) = norm(x) (1 + s(z)) + b(z); s, b linear in a vector z.

    Both branches end in small weights, so that a stack of blocks begins near the identity. Source of the modulation: Xia et al., DiffIR,
    ICCV 2023.
    """

    def __init__(self, width: int, heads: int, features: int, expansion: float = 1.8) -> None:
        super().__init__()
        self.norms = nn.ModuleList(ChannelNorm(width) for _ in range(2))
        self.films = nn.ModuleList(nn.Linear(features, 2 * width) for _ in range(2))
        self.attention, self.feedforward = ChannelAttention(width, heads), GatedFeedForward(width, expansion)
        with torch.no_grad():
            for weight in (*(film.weight for film in self.films.children()), self.attention.out.weight, self.feedforward.out.weight):
                weight.mul_(0.2)  # type: ignore[operator]

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Same shape as x (sample, channel, y, x); z (sample, features)."""
        for norm, film, branch in zip(self.norms, self.films, (self.attention, self.feedforward), strict=True):
            scale, shift = film(z)[..., None, None].chunk(2, dim=1)
            x = x + branch(norm(x) * (1 + scale) + shift)
        return x
