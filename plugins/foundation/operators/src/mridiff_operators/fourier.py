"""Single-coil Cartesian acquisition: y = M F x."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from mridiff.interfaces import Measured, Space
from mridiff_sdk.operators import check_mask

from .sampled import Sampled

__all__ = ["FourierOperator"]


class FourierOperator(Sampled):
    """y = M F x with a binary mask M, real (1 or sample, ky, kx); x complex (sample, y, x), y complex (sample, ky, kx)."""

    def __init__(self, mask: Tensor) -> None:
        check_mask(mask)
        super().__init__(Space(("y", "x"), tuple(mask.shape[1:])), mask, ("ky", "kx"))

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan whose acquisition holds `mask`."""
        return cls(*measured.require("mask"))
