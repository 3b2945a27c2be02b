"""Network: estimates the noise in a noisy brain slice; its file says which noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mridiff.interfaces import spread
from mridiff_sdk.diffusions import VP
from mridiff_sdk.nets import Described, UNet

LEVELS = 1000
"""Steps of the chain."""


class EpsilonNet(Described):
    """eps(x_t, timestep) = sigma x_t + alpha F(x_t, t) of real images (sample, 1, y, x) from -1 to 1, by a UNet F with the arguments `net`.

    F has to find what is then left to be known, alpha eps - sigma x0 (Salimans and Ho, ICLR 2022), and begins at zero.

    `noise` is a name in `SOURCES`, `furthest` the part of the chain, from its clean end, that it was trained on.
    """

    def __init__(self, net: Mapping[str, Any], noise: str, furthest: float) -> None:
        super().__init__()
        self.architecture = {"net": dict(net), "noise": noise, "furthest": furthest}
        self.noise, self.furthest, self.chain = noise, furthest, VP(levels=LEVELS)
        self.net = UNet(in_channels=1, out_channels=1, **net).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster on a CPU

    def forward(self, x_t: Tensor, timestep: Tensor) -> Tensor:
        """The noise (sample, 1, y, x); timesteps (sample,) count from 0, the least noise."""
        t = (timestep + 1) / LEVELS
        alpha, sigma = spread(self.chain.alpha(t), x_t), spread(self.chain.sigma(t), x_t)
        eps: Tensor = sigma * x_t + alpha * self.net(x_t.contiguous(memory_format=torch.channels_last), t.to(x_t.dtype))
        return eps
