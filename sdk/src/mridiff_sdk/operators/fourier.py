"""Fourier: the centred orthonormal transform of an image, along some of its axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mridiff.interfaces import LinearOperator, Space

from ..fourier import fft, ifft
from .local import Local


class Fourier(LinearOperator):
    """F x, x complex (sample, *domain), transformed along `axes` (of x, y, z: the spatial axes of the domain), which become kx, ky, kz.

    Unitary, right for odd sizes. `Mask(m) @ Fourier(...)` has a normal operator that transforms only where the mask varies. Raises
    ValueError for a real domain (compose with `AsComplex`) and for axes that it has not.
    """

    codomain: Space

    def __init__(self, domain: Space, axes: Sequence[str] | None = None) -> None:
        super().__init__()
        axes = tuple(a for a in domain.axes if a in ("x", "y", "z")) if axes is None else tuple(axes)
        if not domain.complex or not axes or not set(axes) <= set(domain.axes) & {"x", "y", "z"}:
            raise ValueError(f"cannot transform {domain} along {', '.join(axes) or 'no axis'}; it takes complex numbers and spatial axes")
        self.dims = tuple(domain.dim(a) for a in axes)
        self.domain = domain
        self.codomain = replace(domain, axes=tuple(f"k{a}" if a in axes else a for a in domain.axes), kind="k-space")

    def forward(self, x: Tensor) -> Tensor:
        """F x."""
        return fft(x, self.dims)

    def adjoint(self, y: Tensor) -> Tensor:
        """F^H y, the inverse."""
        return ifft(y, self.dims)

    def normal(self, x: Tensor) -> Tensor:
        """x."""
        return x

    def enclose(self, A: LinearOperator, x: Tensor) -> Tensor:
        """F^H A^H A F x; for what is local a convolution, in which shifts cancel, and F^H F = 1 along an axis on which it does not vary."""
        if not isinstance(A, Local):
            return super().enclose(A, x)
        dims = tuple(d for d in self.dims if d in A.varying)
        return torch.fft.ifftn(A.wrapped(torch.fft.fftn(x, dim=dims), dims), dim=dims) if dims else A.normal(x)
