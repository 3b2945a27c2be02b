"""Time-resolved single-coil Cartesian acquisition: y_f = M_f F x_f."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from mridiff.interfaces import Measured, Space
from mridiff_sdk.operators import check_mask

from .sampled import Sampled

__all__ = ["KtCartesianOperator"]


class KtCartesianOperator(Sampled):
    """y_f = M_f F x_f, one binary mask per frame, real (1 or sample, t, ky, kx); any pattern that lies on the grid.

    x is complex (sample, t, y, x), y complex (sample, t, ky, kx); F is the transform of each frame.
    """

    def __init__(self, mask: Tensor) -> None:
        check_mask(mask, ("t", "ky", "kx"))
        super().__init__(Space(("t", "y", "x"), tuple(mask.shape[1:])), mask, ("t", "ky", "kx"))

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan whose acquisition holds `mask`."""
        return cls(*measured.require("mask"))
