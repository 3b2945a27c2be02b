"""The encoder: a picture of weighted k-space becomes one short code."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mridiff_sdk.nets import pad, unshuffle

CELL = 4
"""Samples along each axis that become channels before the first convolution."""


class Residual(nn.Module):
    """x + conv(leaky(conv(x)))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as x (sample, width, ky, kx)."""
        out: Tensor = x + self.second(functional.leaky_relu(self.first(x), 0.1))
        return out


class Encoder(nn.Module):
    """Channels of k-space (sample, channel, ky, kx) of any size to a code (sample, latent): convolutions, and a mean over k-space.

    With `unit` a code has mean 0 and mean square 1, as the noise of the diffusion has. Source: the prior extraction network of Xia et
    al., DiffIR, ICCV 2023.
    """

    def __init__(self, channels: int, latent: int, width: int, blocks: int, *, unit: bool) -> None:
        super().__init__()
        self.unit = unit
        self.convolutions = nn.Sequential(
            nn.Conv2d(channels * CELL**2, width, 3, padding=1), nn.LeakyReLU(0.1), *(Residual(width) for _ in range(blocks)),
            nn.Conv2d(width, latent, 3, padding=1), nn.LeakyReLU(0.1))  # fmt: skip
        self.mix = nn.Sequential(nn.Linear(latent, latent), nn.LeakyReLU(0.1), nn.Linear(latent, latent))

    def forward(self, x: Tensor) -> Tensor:
        """The code."""
        code: Tensor = self.mix(self.convolutions(unshuffle(pad(x, CELL), CELL)).mean((2, 3)))
        return functional.layer_norm(code, code.shape[-1:]) if self.unit else code


class CodeDenoiser(nn.Module):
    """z_0 from z_t, the time and the condition c, vectors (..., latent) each: a small network on [c, t / 10, z_t]."""

    def __init__(self, latent: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2 * latent + 1, hidden), nn.LeakyReLU(0.1), nn.Linear(hidden, hidden), nn.LeakyReLU(0.1),
                                    nn.Linear(hidden, latent))  # fmt: skip

    def forward(self, z_t: Tensor, t: Tensor, c: Tensor) -> Tensor:
        """The estimate of z_0 for times t in (0, 1], (sample,)."""
        time = 0.1 * t.reshape(-1, *(1,) * (z_t.ndim - 1)).expand(*z_t.shape[:-1], 1)
        out: Tensor = self.layers(torch.cat([c.expand_as(z_t), time, z_t], dim=-1))
        return out
