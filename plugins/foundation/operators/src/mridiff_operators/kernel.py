"""The arithmetic of SENSE, coil by coil, and the identities that save most of its work.

The shifts of the centred transform are unit factors (a, b): they are multiplied into the maps and the mask once, and so are the
factors that make it orthonormal. Along an axis on which the sampling does not vary, F^H F = 1 cancels in A^H A: the normal operator
transforms along the other axis only. And conj(ifft(z)) = fft(conj(z)), so sum_c conj(S_c) ifft(z_c) is the conjugate of
sum_c S_c fft(conj(z_c)): one set of maps serves both ways, and the conjugate of z costs nothing where z is multiplied by the mask anyway.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from mridiff_sdk.fourier import centring_phases

BLOCK = 640 * 1024
"""Bytes of one block on a CPU. A few of them fit into its cache, and the allocator reuses them; fresh pages cost more than the FFTs."""


class SenseKernel(nn.Module):
    """y_c = M F S_c x for maps (1 or n, coil, *image) and a mask (1 or n, *k), F along the last `rank` axes. Not for autograd.

    Axes before these are frames, of size 1 in the maps where all share them. `axes` of the last `rank` are those along which the mask
    varies.
    """

    maps: Tensor
    weight: Tensor
    flip: Tensor
    turned: Tensor | None

    def __init__(self, maps: Tensor, mask: Tensor, axes: tuple[int, ...], rank: int = 2) -> None:
        super().__init__()
        sizes = maps.shape[-rank:]
        a, b = centring_phases(sizes, maps.dtype, maps.device)
        maps = (a * maps).contiguous()
        self.n = max(len(maps), len(mask))
        self.shape = (maps.shape[1], *mask.shape[1:])
        self.all = tuple(range(-rank, 0))
        axes = axes or (-1,)
        self.swap = axes == (-2,)
        rows = mask.to(maps.real.dtype)
        for d in set(self.all) - set(axes):
            rows = rows.narrow(d, 0, 1)
        rows = rows.mT if self.swap else rows
        self.axes = (-1,) if self.swap else axes
        """Those of the transform of the normal operator."""
        flip = torch.stack([rows, -rows], -1) / math.prod(rows.shape[d] for d in self.axes)
        self.register_buffer("maps", maps)
        self.register_buffer("turned", maps.mT.contiguous() if self.swap else None)
        self.register_buffer("weight", (b * mask / math.prod(sizes) ** 0.5).to(maps.dtype)[:, None])
        self.register_buffer("flip", flip[:, None])  # of the real and imaginary part: z -> m conj(z)

    def forward(self, x: Tensor) -> Tensor:
        """M F S x: (sample, *image) to (sample, coil, *k)."""
        x = self._expand(x)
        y = x.new_empty((len(x), *self.shape), dtype=torch.result_type(self.maps, x))
        for s in self._samples(len(x)):
            maps, weight = _pick(self.maps, s), _pick(self.weight, s)
            for c in self._coils():
                torch.mul(torch.fft.fftn(maps[:, c] * x[s, None], dim=self.all), weight, out=y[s, c])
        return y

    def adjoint(self, y: Tensor) -> Tensor:
        """S^H F^H M y: (sample, coil, *k) to (sample, *image)."""
        y = self._expand(y)

        def back(s: slice, c: slice) -> Tensor:
            z: Tensor = torch.fft.fftn(y[s, c].conj() * _pick(self.weight, s), dim=self.all)
            return z

        return self._combine(len(y), self.maps, back)

    def normal(self, x: Tensor) -> Tensor:
        """S^H F^H M F S x."""
        x = self._expand(x.mT.contiguous() if self.swap else x)
        maps = self.maps if self.turned is None else self.turned
        if self.axes == (-1,):
            out = self._by_rows(maps, x)
            return out.mT.contiguous() if self.swap else out

        def there_and_back(s: slice, c: slice) -> Tensor:
            z = torch.fft.fftn(_pick(maps, s)[:, c] * x[s, None], dim=self.axes)
            torch.view_as_real(z).mul_(_pick(self.flip, s))
            back: Tensor = torch.fft.fftn(z, dim=self.axes)
            return back

        return self._combine(len(x), maps, there_and_back)

    def _by_rows(self, maps: Tensor, x: Tensor) -> Tensor:
        """The normal operator where rows are transformed alone: some rows of all coils at a time, summed while they are in the cache."""
        out = torch.empty_like(x, memory_format=torch.contiguous_format, dtype=torch.result_type(maps, x))
        for s in self._samples(len(x)):
            S, flip = _pick(maps, s), _pick(self.flip, s)
            rows = 2 * self._step(x.shape[-2], x[s].numel() // x.shape[-2] * maps.shape[1])  # a call costs as much as some rows do
            for part, image, total in zip(S.split(rows, -2), x[s, None].split(rows, -2), out[s].split(rows, -2), strict=True):
                z = torch.fft.fft(part * image)
                torch.view_as_real(z).mul_(flip)
                torch.sum(torch.fft.fft(z).mul_(part), 1, out=total)
        return out.conj_physical_()

    def _combine(self, n: int, maps: Tensor, images: Callable[[slice, slice], Tensor]) -> Tensor:
        """The conjugate of sum_c S_c z_c, where images(s, c) gives z for the samples s and the coils c."""
        parts = []
        for s in self._samples(n):
            S = _pick(maps, s)
            total: Tensor | None = None
            for c in self._coils():
                for z_c, S_c in zip(images(s, c).unbind(1), S[:, c].unbind(1), strict=True):
                    total = z_c * S_c if total is None else total.addcmul_(z_c, S_c)
            assert total is not None
            parts.append(total.conj_physical_())
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _expand(self, t: Tensor) -> Tensor:
        return t.expand(max(len(t), self.n), *t.shape[1:])

    def _samples(self, n: int) -> Iterator[slice]:
        return self._slices(n, math.prod(self.shape))

    def _coils(self) -> Iterator[slice]:
        return self._slices(self.shape[0], math.prod(self.shape[1:]))

    def _slices(self, count: int, size: int) -> Iterator[slice]:
        """Slices of `count` things of `size` numbers each, a block at a time."""
        step = self._step(count, size)
        return (slice(i, i + step) for i in range(0, count, step))

    def _step(self, count: int, size: int) -> int:
        """How many of `count` things of `size` numbers each a block holds; all on an accelerator."""
        return max(1, BLOCK // (size * self.maps.element_size())) if self.maps.device.type == "cpu" else count


def _pick(t: Tensor, samples: slice) -> Tensor:
    return t if len(t) == 1 else t[samples]
