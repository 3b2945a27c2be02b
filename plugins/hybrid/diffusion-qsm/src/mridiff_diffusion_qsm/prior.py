"""The prior: susceptibility maps, patch by patch, with no field in sight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge
from torch import Tensor

from mridiff.interfaces import Field, Scaling, Space, Streams, spread
from mridiff_sdk.adaptors import Tile
from mridiff_sdk.diffusions import VP
from mridiff_sdk.nets import Name, NetworkPrior, named

from .net import VolumeNet
from .plugin import WEIGHTS

AXES = ("z", "y", "x")
TRAINED = 0.1
"""Susceptibility in ppm that is 1 to the network."""
UNIT = 0.03
"""Susceptibility in ppm that is 1 on the chain: that of tissue, so that many of the levels are neither far above nor far below it."""


class Patch(NetworkPrior[VolumeNet]):
    """E[x0 | x_t] of one patch, real (sample, z, y, x), on the chain of 1000 levels with beta from 1e-4 to 0.02 (Ho et al., 2020)."""

    diffusion: VP
    space = Space(AXES, complex=False, unit="ppm", kind="susceptibility")
    scaling = Scaling("fixed", 1 / UNIT)

    def __init__(self, weights: str) -> None:
        super().__init__(named(VolumeNet, weights, WEIGHTS, __file__, "qsm-patches"), VP(levels=1000))

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """The denoised patch in the precision of x_t, at a time t, a number or (sample,)."""
        c = UNIT / TRAINED
        out: Tensor = self.model(c * x_t / spread(self.diffusion.alpha(t), x_t), c * self.diffusion.ratio(t)) / c
        return out


class QsmPatches(Tile):
    """Maps of any size from overlapping cubes, denoised one by one and averaged with weights that fall off from their centres.

    Source: Zhang et al., IEEE Trans. Biomed. Eng. 2025 (their cubes are of 64 voxels, 48 apart).
    """

    def __init__(
        self,
        weights: Name = "phantom",
        patch: Annotated[int, Ge(8), "side of a cube in voxels"] = 24,
        stride: Annotated[int, Ge(1), "distance of neighbouring cubes in voxels, at most their side"] = 18,
    ) -> None:
        super().__init__(Patch(weights), dict.fromkeys(AXES, patch), dict.fromkeys(AXES, stride))
