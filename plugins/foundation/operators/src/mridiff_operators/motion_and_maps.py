"""Rigid motion between shots and coil maps, both unknown: y_c = sum over shots of M_s F S_c T_s x."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import LinearOperator, Measured, ParametricOperator
from mridiff_sdk.motion import Order, shots_of
from mridiff_sdk.nuisance import least_squares

from .motion import Coils, RigidMotionSense, SenseInMotion
from .smooth_maps import SmoothMapsSense

__all__ = ["MotionAndMapsSense"]

FLOOR = 0.1
"""Weight of a place without signal beside those with as much as the mean, in the image that maps are fitted for: none may grow there."""


class MotionAndMapsSense(ParametricOperator):
    """`RigidMotionSense` with the maps of `SmoothMapsSense`: phi["motion"] holds the poses of the shots, phi["coefficients"] the maps.

    `coils` "moving": the maps move with the head, T_s S_c x; "static": they stand still, S_c T_s x, so that in the head's frame each shot
    has maps of its own, the same polynomials at moved places. `maps` and `start` are what an estimate begins with, `shots` as there. Raises
    DataError as those two do. Source: Chen et al., Med. Image Anal. 102, 2025 (JSMoCo).
    """

    def __init__(self, maps: Tensor, shots: Tensor, coils: Coils = "moving", limit: float = 15.0, start: Tensor | None = None,
                 degree: int = 6) -> None:  # fmt: skip
        super().__init__()
        self.motion = RigidMotionSense(maps, shots, coils, limit, start)
        self.smooth = SmoothMapsSense(maps, (shots >= 0).to(maps.real.dtype), degree)
        self.domain, self.codomain = self.motion.domain, self.motion.codomain
        self.nuisance = {**self.motion.nuisance, **self.smooth.nuisance}

    @classmethod
    def for_scan(cls, measured: Measured, *,
                 shots: Annotated[int, Ge(1), "number of shots, where the scan does not say which shot measured each sample"] = 8,
                 order: Annotated[Order, "order of the lines, where the scan does not say: every n-th line, or neighbours"] = "interleaved",
                 coils: Annotated[Coils, "whether the sensitivities move with the head, or stand still"] = "static",
                 limit: Annotated[float, Gt(0), "largest motion that is believed, in degrees and in pixels"] = 15.0,
                 degree: Annotated[int, Ge(0), Le(12), "of the polynomials of the place that the maps are"] = 6) -> Self:  # fmt: skip
        """The operator of a scan with `sensitivity_maps`, with which an estimate begins, `mask`, and what `RigidMotionSense` takes."""
        maps, mask = measured.require("sensitivity_maps", "mask")
        told, motion = measured.acquisition.get("shots"), measured.acquisition.get("motion")
        taken = shots_of(mask, shots, order) if told is None else told.data
        return cls(maps, taken, coils, limit, None if motion is None else motion.data, degree)

    def at(self, phi: Mapping[str, Tensor]) -> LinearOperator:
        """The operator at phi["motion"] (1 or sample, shot, 3) and phi["coefficients"] (1 or sample, coil, channel)."""
        return self._seen_by(self.maps(phi["coefficients"]), phi)

    def maps(self, coefficients: Tensor) -> Tensor:
        """The coil maps (sample, coil, y, x) of coefficients (sample, coil, channel)."""
        return self.smooth.maps(coefficients)

    def components(self, x: Tensor, phi: Mapping[str, Tensor]) -> Tensor:
        """What coils whose maps are the polynomials would measure of x (sample, y, x) in motion, (sample, channel, ky, kx).

        A measurement is linear in its coefficients a: y_c = sum_k a_ck components_k.
        """
        seen: Tensor = self._seen_by(self.smooth.basis[None].to(x.dtype), phi)(x)
        return seen

    def normalised(self, coefficients: Tensor, x: Tensor) -> Tensor:
        """Coefficients (sample, coil, channel) of maps nearest to those given over their root-sum-of-squares, where x (sample, y, x) is.

        A smooth factor of all maps cannot be told from one of the image; so it is left to the image.
        """
        maps, where = self.maps(coefficients), x.abs()[:, None]
        where = where + FLOOR * where.mean((2, 3), keepdim=True)
        rss = torch.linalg.vector_norm(maps, dim=1, keepdim=True)
        unit = maps / rss.clamp_min(torch.finfo(rss.dtype).tiny)
        return least_squares(where * self.smooth.basis.to(maps.dtype), where * unit, coefficients, 1e-6)

    def _seen_by(self, maps: Tensor, phi: Mapping[str, Tensor]) -> LinearOperator:
        taken = self.motion.taken
        return SenseInMotion(maps, taken, phi["motion"].to(taken.dtype).to(taken.device), self.motion.coils)
