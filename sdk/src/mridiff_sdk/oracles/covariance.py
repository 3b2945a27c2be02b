"""Covariances that are diagonal in a unitary basis: of pixels, of frequencies, or of their own eigenvectors."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor

from mridiff.interfaces import Space

from .. import fourier


class Covariance:
    """C = U diag(v) U^H over a space, v >= 0. Complex numbers are circular: C = E[(x - m)(x - m)^H], and E[(x - m)(x - m)^T] = 0.

    Made by `diagonal`, `stationary` or `dense`; `values` are v, in the shape of the space.
    """

    def __init__(self, space: Space, values: Tensor, basis: Tensor | str) -> None:
        if not bool((values >= 0).all()):
            raise ValueError(f"a covariance has no negative eigenvalues; the smallest here is {float(values.min())}")
        self.space, self.values, self.basis = space, values.double().expand(space.shape), basis

    @classmethod
    def diagonal(cls, space: Space, variance: float | Tensor) -> Self:
        """Independent numbers of the given variance, which broadcasts over the space."""
        return cls(space, torch.as_tensor(variance), "pixel")

    @classmethod
    def stationary(cls, space: Space, spectrum: Tensor) -> Self:
        """Independent frequencies of the given power (ky, kx) over the last two axes, centred; other axes are independent.

        A real space needs a spectrum that is the same at k and -k; raises ValueError otherwise.
        """
        made = cls(space, spectrum, "fourier")
        if not space.complex:
            ny, nx = space.shape[-2:]
            y, x = (-(torch.arange(n) - n // 2) % n for n in (ny, nx))
            mirrored = made.values[..., (y + ny // 2) % ny, :][..., (x + nx // 2) % nx]
            if not torch.allclose(mirrored, made.values):
                raise ValueError("the spectrum of a real stationary prior must be the same at k and -k")
        return made

    @classmethod
    def dense(cls, space: Space, matrix: Tensor) -> Self:
        """Any Hermitian positive semi-definite matrix (n, n) over the flattened space."""
        values, vectors = torch.linalg.eigh(matrix.to(space.dtype(torch.float64)))
        return cls(space, values.clamp_min(0).reshape(space.shape), vectors)

    def to_basis(self, x: Tensor) -> Tensor:
        """U^H x, (sample, *space)."""
        if isinstance(self.basis, Tensor):
            return (x.flatten(1) @ self.basis.to(x).conj()).reshape(x.shape)
        return fourier.fft(x) if self.basis == "fourier" else x

    def from_basis(self, c: Tensor) -> Tensor:
        """U c, (sample, *space); real in a real space."""
        if isinstance(self.basis, Tensor):
            return (c.flatten(1) @ self.basis.to(c).mT).reshape(c.shape)
        x = fourier.ifft(c) if self.basis == "fourier" else c
        return x if self.space.complex or not x.is_complex() else x.real

    def root(self) -> Tensor:
        """The Hermitian root L of C = L L^H over the flattened space, (n, n), in double precision."""
        n = self.values.numel()
        identity = torch.eye(n, dtype=self.space.dtype(torch.float64)).reshape(n, *self.space.shape)
        return self.from_basis(self.values.sqrt() * self.to_basis(identity)).reshape(n, n).mT

    def matrix(self) -> Tensor:
        """C over the flattened space, (n, n), in double precision."""
        L = self.root()
        return L @ L.mH
