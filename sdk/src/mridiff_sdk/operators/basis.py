"""Basis: a series made of few images, one per vector of a temporal basis, and sampled."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Space

from .local import Local
from .mask import check_mask, varying_axes


class SampledBasis(Local):
    """y_t = M_t sum_j B_tj x_j: k-space of coefficients, x (sample, ..., channel, ky, kx), to that of a series (sample, ..., t, ky, kx).

    `basis` B is real or complex (1 or sample, t, channel), `mask` M real (1 or sample, t, ky, kx). The transform to k-space and the coils
    act on every image alone, so they may come first: A^H A then needs a matrix of channels at each place of k-space, B^H M B, and as many
    transforms as there are channels (Tamir et al., Magn. Reson. Med. 77, 2017). Raises DataError where basis, mask and domain do not fit.
    """

    codomain: Space
    basis: Tensor
    mask: Tensor
    inner: Tensor

    def __init__(self, domain: Space, basis: Tensor, mask: Tensor) -> None:
        super().__init__()
        check_mask(mask, ("t", "ky", "kx"))
        channels, *size = domain.shape[-3:]
        if domain.axes[-3:] != ("channel", "ky", "kx") or basis.ndim != 3 or tuple(basis.shape[1:]) != (mask.shape[1], channels):
            raise DataError(f"a temporal basis of shape {tuple(basis.shape)} and a mask of shape {tuple(mask.shape)} do not fit {domain}",
                            hint="Give basis (1 or sample, t, channel) and mask (1 or sample, t, ky, kx).")  # fmt: skip
        if tuple(mask.shape[2:]) != tuple(size):
            raise DataError(f"the mask has {tuple(mask.shape[2:])} samples where an image has {tuple(size)}")
        self.varying = frozenset(varying_axes(mask)) & {-2, -1}
        self.domain = domain
        self.codomain = replace(domain, axes=(*domain.axes[:-3], "t", "ky", "kx"), sizes=(*domain.sizes[:-3], *mask.shape[1:]))
        self.register_buffer("basis", basis)
        self.register_buffer("mask", mask if mask.is_floating_point() else mask.to(basis.real.dtype))
        self.register_buffer(
            "inner", torch.einsum("ntj,ntyx,nti->njiyx", *_alike(basis.conj().resolve_conj(), self.mask.to(basis.dtype), basis))
        )

    def forward(self, x: Tensor) -> Tensor:
        """M B x."""
        return self._frames(self.mask, x) * torch.einsum("ntj,n...jyx->n...tyx", *_alike(self.basis.to(x.dtype), x))

    def adjoint(self, y: Tensor) -> Tensor:
        """B^H M y."""
        return torch.einsum("ntj,n...tyx->n...jyx", *_alike(self.basis.conj().to(y.dtype), self._frames(self.mask, y) * y))

    def normal(self, x: Tensor) -> Tensor:
        """B^H M B x."""
        return self.wrapped(x, ())

    def wrapped(self, x: Tensor, dims: tuple[int, ...]) -> Tensor:
        """B^H M B x, the origin first along `dims`."""
        inner = torch.fft.ifftshift(self.inner, dims) if dims else self.inner
        return torch.einsum("njiyx,n...iyx->n...jyx", *_alike(inner.to(x.dtype), x))

    @staticmethod
    def _frames(mask: Tensor, y: Tensor) -> Tensor:
        return mask.reshape(len(mask), *(1,) * (y.ndim - 4), *mask.shape[1:])


def _alike(*tensors: Tensor) -> list[Tensor]:
    """Tensors with as many samples each."""
    n = max(len(t) for t in tensors)
    return [t.expand(n, *t.shape[1:]) for t in tensors]
