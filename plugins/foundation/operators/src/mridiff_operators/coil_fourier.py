"""Multi-coil Cartesian acquisition with the coil images themselves as the unknown: y_c = M F x_c."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces.operator import LinearOperator
from mridiff.interfaces.scan import Measured
from mridiff.interfaces.space import Space
from mridiff_sdk.fourier import fft, ifft

from .sampling import check_mask, varying_axes


class CoilFourierOperator(LinearOperator):
    """y_c = M F x_c for coil images x, complex (sample, coil, y, x), and a binary mask M, real (1 or sample, ky, kx).

    Measured samples can be kept exactly, A A^H y = y, which no combined image allows. Maps (1 or sample, coil, y, x) of unit
    root-sum-of-squares serve `image` alone. Raises DataError where maps and mask do not fit each other.
    """

    mask: Tensor
    maps: Tensor

    def __init__(self, maps: Tensor, mask: Tensor) -> None:
        super().__init__()
        check_mask(mask)
        if maps.ndim != 4 or not maps.is_complex() or maps.shape[2:] != mask.shape[1:]:
            raise DataError(f"the coil maps are {maps.dtype} of shape {tuple(maps.shape)}, the mask has {tuple(mask.shape[1:])} samples",
                            hint="Give complex maps (1 or sample, coil, y, x) on the grid of the mask.")  # fmt: skip
        self.register_buffer("mask", mask if mask.is_floating_point() else mask.float())
        self.register_buffer("maps", maps)
        self.axes = varying_axes(mask)
        self.domain = Space(("coil", "y", "x"), tuple(maps.shape[1:]))
        self.codomain = Space(("coil", "ky", "kx"), tuple(maps.shape[1:]), kind="k-space")

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan whose acquisition holds `mask` and `sensitivity_maps`."""
        mask, maps = measured.require("mask", "sensitivity_maps")
        return cls(maps, mask)

    def forward(self, x: Tensor) -> Tensor:
        """M F x."""
        return self.mask[:, None] * fft(x)

    def adjoint(self, y: Tensor) -> Tensor:
        """F^H M y."""
        return ifft(self.mask[:, None] * y)

    def normal(self, x: Tensor) -> Tensor:
        """F^H M F x, transformed only along the axes on which the sampling varies."""
        mask = self.mask[:, None]
        return ifft(mask * fft(x, self.axes), self.axes) if self.axes else mask * x

    def image(self, x: Tensor) -> Tensor:
        """The combined image sum_c conj(S_c) x_c, (sample, y, x)."""
        return torch.einsum("ncyx,ncyx->nyx", self.maps.conj().expand(len(x), *self.maps.shape[1:]).to(x.dtype), x)
