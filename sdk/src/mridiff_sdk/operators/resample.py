"""Resample: the same image on a finer or a coarser grid."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod, sqrt

from torch import Tensor

from mridiff.interfaces import LinearOperator, Space

from ..fourier import fft, ifft
from .crop import middle, resized


class Resample(LinearOperator):
    """x (sample, *domain) on a grid of `sizes` by axis name over the same field of view: k-space is cropped or padded, values stay.

    Band-limited interpolation: exact for an image without frequencies beyond either grid. Where the domain is real so is the result.
    """

    def __init__(self, domain: Space, sizes: Mapping[str, int]) -> None:
        super().__init__()
        self.domain, self.codomain = domain, resized(domain, sizes)
        self.dims = tuple(domain.dim(a) for a in sizes)
        self.gain = sqrt(prod(self.codomain.shape) / prod(domain.shape))

    def forward(self, x: Tensor) -> Tensor:
        """g F^H C F x with C the crop or the padding, g the gain that keeps values."""
        return self._to(x, self.codomain)  # type: ignore[arg-type]  # one block

    def adjoint(self, y: Tensor) -> Tensor:
        """g F^H C^H F y."""
        return self._to(y, self.domain)

    def _to(self, x: Tensor, space: Space) -> Tensor:
        made = self.gain * ifft(middle(fft(x, self.dims), space.shape), self.dims)
        return made if space.complex else made.real
