"""Multi-coil Cartesian acquisition with the coil images themselves as the unknown: y_c = M F x_c."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Measured, Space
from mridiff_sdk.operators import check_mask

from .sampled import Sampled

__all__ = ["CoilFourierOperator"]


class CoilFourierOperator(Sampled):
    """y_c = M F x_c for coil images x, complex (sample, coil, y, x), and a binary mask M, real (1 or sample, ky, kx).

    Measured samples can be kept exactly, A A^H y = y, which no combined image allows. Maps (1 or sample, coil, y, x) of unit
    root-sum-of-squares serve `image` alone. Raises DataError where maps and mask do not fit each other.
    """

    maps: Tensor

    def __init__(self, maps: Tensor, mask: Tensor) -> None:
        check_mask(mask)
        if maps.ndim != 4 or not maps.is_complex() or maps.shape[2:] != mask.shape[1:]:
            raise DataError(f"the coil maps are {maps.dtype} of shape {tuple(maps.shape)}, the mask has {tuple(mask.shape[1:])} samples",
                            hint="Give complex maps (1 or sample, coil, y, x) on the grid of the mask.")  # fmt: skip
        super().__init__(Space(("coil", "y", "x"), tuple(maps.shape[1:])), mask, ("ky", "kx"))
        self.register_buffer("maps", maps)

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan whose acquisition holds `mask` and `sensitivity_maps`."""
        mask, maps = measured.require("mask", "sensitivity_maps")
        return cls(maps, mask)

    @property
    def image_space(self) -> Space:
        """That of the combined image."""
        return Space(("y", "x"), self.domain.sizes[1:])

    def image(self, x: Tensor) -> Tensor:
        """The combined image sum_c conj(S_c) x_c, (sample, y, x)."""
        return torch.einsum("ncyx,ncyx->nyx", self.maps.conj().expand(len(x), *self.maps.shape[1:]).to(x.dtype), x)
