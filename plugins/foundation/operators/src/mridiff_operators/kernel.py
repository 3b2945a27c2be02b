"""The arithmetic of SENSE, coil by coil, and the identities that save most of its work.

The shifts of the centred transform are unit factors (a, b): they are multiplied into the maps and the mask once, and so are the
factors that make it orthonormal. Along an axis on which the sampling does not vary, F^H F = 1 cancels in A^H A: the normal operator
transforms along the other axis only. And conj(ifft(z)) = fft(conj(z)), so sum_c conj(S_c) ifft(z_c) is the conjugate of
sum_c S_c fft(conj(z_c)): one set of maps serves both ways, and the conjugate of z costs nothing where z is multiplied by the mask anyway.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from mridiff_sdk.fourier import centring_phases

BLOCK = 640 * 1024
"""Bytes of one block on a CPU. A few of them fit into its cache, and the allocator reuses them; fresh pages cost more than the FFTs."""


class SenseKernel(nn.Module):
    """y_c = M F S_c x for maps (1 or n, coil, y, x) and a mask (1 or n, ky, kx) that varies along `axes`. Not for autograd."""

    maps: Tensor
    weight: Tensor
    flip: Tensor
    turned: Tensor | None

    def __init__(self, maps: Tensor, mask: Tensor, axes: tuple[int, ...]) -> None:
        super().__init__()
        a, b = centring_phases(maps.shape[-2:], maps.dtype, maps.device)
        ny, nx = maps.shape[-2:]
        maps = (a * maps).contiguous()
        self.n = max(len(maps), len(mask))
        self.transform = torch.fft.fft2 if len(axes) == 2 else torch.fft.fft  # of the normal operator, along its last axes
        self.swap = axes == (-2,)
        rows = (mask.mT if self.swap else mask).to(maps.real.dtype)
        rows = rows if len(axes) == 2 else rows[:, :1]
        flip = torch.stack([rows, -rows], -1) / (rows.shape[-2] * rows.shape[-1])
        self.register_buffer("maps", maps)
        self.register_buffer("turned", maps.mT.contiguous() if self.swap else None)
        self.register_buffer("weight", (b * mask / (ny * nx) ** 0.5).to(maps.dtype)[:, None])
        self.register_buffer("flip", flip[:, None])  # of the real and imaginary part: z -> m conj(z)

    def forward(self, x: Tensor) -> Tensor:
        """M F S x: (sample, y, x) to (sample, coil, ky, kx)."""
        x, dtype = self._expand(x)
        y = x.new_empty((len(x), *self.maps.shape[1:]), dtype=dtype)
        for s, c in self._blocks(len(x)):
            z = torch.fft.fft2(_pick(self.maps, s)[:, c] * x[s, None])
            torch.mul(z, _pick(self.weight, s), out=y[s, c])
        return y

    def adjoint(self, y: Tensor) -> Tensor:
        """S^H F^H M y: (sample, coil, ky, kx) to (sample, y, x)."""
        y, dtype = self._expand(y)
        out = y.new_zeros((len(y), *self.maps.shape[2:]), dtype=dtype)
        for s, c in self._blocks(len(y)):
            _combine(torch.fft.fft2(y[s, c].conj() * _pick(self.weight, s)), _pick(self.maps, s)[:, c], out[s])
        return out.conj_physical_()

    def normal(self, x: Tensor) -> Tensor:
        """S^H F^H M F S x."""
        x, dtype = self._expand(x)
        maps = self.maps if self.turned is None else self.turned
        x = x.mT.contiguous() if self.swap else x
        out = x.new_zeros(x.shape, dtype=dtype)
        for s, c in self._blocks(len(x)):
            S = _pick(maps, s)[:, c]
            z = self.transform(S * x[s, None])
            torch.view_as_real(z).mul_(_pick(self.flip, s))
            _combine(self.transform(z), S, out[s])
        out.conj_physical_()
        return out.mT.contiguous() if self.swap else out

    def _expand(self, t: Tensor) -> tuple[Tensor, torch.dtype]:
        n = max(len(t), self.n)
        return t.expand(n, *t.shape[1:]), torch.result_type(self.maps, t)

    def _blocks(self, n: int) -> Iterator[tuple[slice, slice]]:
        """Samples and coils of each block; on an accelerator one block holds all."""
        coils, pixels = self.maps.shape[1], self.maps[0, 0].numel()
        room = BLOCK // (pixels * self.maps.element_size()) if self.maps.device.type == "cpu" else n * coils
        return ((s, c) for s in _slices(n, room // coils) for c in _slices(coils, room))


def _combine(z: Tensor, maps: Tensor, out: Tensor) -> None:
    for z_c, S_c in zip(z.unbind(1), maps.unbind(1), strict=True):
        out.addcmul_(z_c, S_c)


def _slices(count: int, step: int) -> Iterator[slice]:
    step = max(1, step)
    return (slice(i, i + step) for i in range(0, count, step))


def _pick(t: Tensor, samples: slice) -> Tensor:
    return t if len(t) == 1 else t[samples]
