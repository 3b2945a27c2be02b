"""Time-resolved single-coil Cartesian acquisition: y_f = M_f F x_f."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from mridiff.interfaces.operator import LinearOperator
from mridiff.interfaces.scan import Measured
from mridiff.interfaces.space import Space
from mridiff_sdk.fourier import fft, ifft

from .sampling import check_mask


class KtCartesianOperator(LinearOperator):
    """y_f = M_f F x_f, one binary mask per frame, real (1 or sample, t, ky, kx); any pattern that lies on the grid.

    x is complex (sample, t, y, x), y complex (sample, t, ky, kx), zero where nothing was sampled; F is the centred orthonormal
    transform of each frame. A A^H y = y for such y. Raises DataError for a mask that is not binary or has other axes.
    """

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        check_mask(mask, ("t", "ky", "kx"))
        self.register_buffer("mask", mask if mask.is_floating_point() else mask.float())
        self.domain = Space(("t", "y", "x"), tuple(mask.shape[1:]))
        self.codomain = Space(("t", "ky", "kx"), tuple(mask.shape[1:]), kind="k-space")

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan whose acquisition holds `mask`."""
        return cls(*measured.require("mask"))

    def forward(self, x: Tensor) -> Tensor:
        """M F x, frame by frame."""
        return self.mask * fft(x)

    def adjoint(self, y: Tensor) -> Tensor:
        """F^H M y, frame by frame."""
        return ifft(self.mask * y)
