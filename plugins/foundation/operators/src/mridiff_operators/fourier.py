"""Single-coil Cartesian acquisition: y = M F x."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from mridiff.interfaces.operator import LinearOperator
from mridiff.interfaces.scan import Measured
from mridiff.interfaces.space import Space
from mridiff_sdk.fourier import fft, ifft

from .sampling import check_mask, varying_axes


class FourierOperator(LinearOperator):
    """y = M F x with the centred orthonormal Fourier transform F and a binary mask M, real (1 or sample, ky, kx).

    x is complex (sample, y, x), y complex (sample, ky, kx), zero where nothing was sampled. A A^H y = y for such y. Raises DataError
    for a mask that is not binary or has other axes.
    """

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        check_mask(mask)
        self.register_buffer("mask", mask if mask.is_floating_point() else mask.float())
        self.axes = varying_axes(mask)
        self.domain = Space(("y", "x"), tuple(mask.shape[1:]))
        self.codomain = Space(("ky", "kx"), tuple(mask.shape[1:]), kind="k-space")

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan whose acquisition holds `mask`."""
        return cls(*measured.require("mask"))

    def forward(self, x: Tensor) -> Tensor:
        """M F x."""
        return self.mask * fft(x)

    def adjoint(self, y: Tensor) -> Tensor:
        """F^H M y."""
        return ifft(self.mask * y)

    def normal(self, x: Tensor) -> Tensor:
        """F^H M F x, transformed only along the axes on which the sampling varies."""
        return ifft(self.mask * fft(x, self.axes), self.axes) if self.axes else self.mask * x
