"""Prior: a network of healthy brains, trained with simplex noise, or, for comparison, with white noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from mridiff.interfaces import Scaling
from mridiff_sdk.adaptors import FromUnet
from mridiff_sdk.diffusions import VP
from mridiff_sdk.nets import Name, named

from .net import LEVELS, EpsilonNet
from .noise import SOURCES
from .plugin import WEIGHTS

P99 = 1.5
"""The 99th percentile of a slice, on a scale from 0 to 2; less than 2, for what is brighter."""


class SimplexDDPM(FromUnet):
    """E[x0 | x_t] of healthy brain slices x0, real (sample, y, x) from 0 to 2, by x0 = 1 + (x_t - alpha - sigma eps) / alpha.

    The noise of its diffusion is what the network was trained with; x_t = alpha x0 + sigma n as everywhere, of which the network sees
    x_t - alpha, the diffusion of x0 - 1 in [-1, 1].
    """

    def __init__(self, weights: Name = "simplex") -> None:
        self._begin(named(EpsilonNet, weights, WEIGHTS, __file__, "simplex-ddpm"))

    def _begin(self, net: EpsilonNet) -> None:
        chain = VP(levels=LEVELS, t_range=(1 / LEVELS, net.furthest), source=SOURCES[net.noise])
        FromUnet.__init__(self, net, chain, predicts="epsilon", channels=1, scaling=Scaling("p99-adjoint", P99), offset=1.0)
        self.space = replace(self.space, kind="magnitude")

    @classmethod
    def of(cls, net: EpsilonNet) -> Self:
        """The prior of a network that is being trained."""
        out = cls.__new__(cls)
        out._begin(net)
        return out
