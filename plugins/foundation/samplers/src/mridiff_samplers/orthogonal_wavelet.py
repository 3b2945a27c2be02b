"""An orthogonal, periodised wavelet transform of real or complex images, along any number of axes."""

from __future__ import annotations

import torch
from torch import Tensor


class OrthogonalWavelet:
    """W: tensor (..., *sizes) to coefficients of the same shape, coarsest approximation in the first corner; W^H W = W W^H = 1.

    It acts on the last `axes` axes, whose sizes must be divisible by 2^levels and, halved that often, not below half the filter's
    length. `name` is an orthogonal wavelet of PyWavelets; the coefficients are those of its mode "periodization".
    Source: Mallat, A theory for multiresolution signal decomposition, 1989, section III.
    """

    def __init__(self, name: str, levels: int, axes: int) -> None:
        import pywt

        wavelet = pywt.Wavelet(name)
        self.bank: tuple[list[float], list[float]] = (list(wavelet.rec_lo), list(wavelet.rec_hi))
        self.wrap = len(self.bank[0]) // 2 - 1  # how far a filter reaches over either end
        self.levels, self.dims = levels, tuple(range(-axes, 0))

    def analysis(self, x: Tensor) -> Tensor:
        """W x."""
        c = x.clone()
        for level in range(self.levels):
            corner = self._corner(c, level)
            part = corner
            for dim in self.dims:
                part = self._split(part, dim)
            corner.copy_(part)
        return c

    def synthesis(self, c: Tensor) -> Tensor:
        """W^H c."""
        x = c.clone()
        for level in reversed(range(self.levels)):
            corner = self._corner(x, level)
            part = corner
            for dim in self.dims:
                part = self._merge(part, dim)
            corner.copy_(part)
        return x

    def approximation(self, c: Tensor) -> Tensor:
        """The coarsest approximation, a view of the coefficients."""
        return self._corner(c, self.levels)

    def _corner(self, c: Tensor, level: int) -> Tensor:
        for dim in self.dims:
            c = c.narrow(dim, 0, c.shape[dim] >> level)
        return c

    def _wrapped(self, x: Tensor, dim: int) -> Tensor:
        n = x.shape[dim]
        return torch.cat([x.narrow(dim, n - self.wrap, self.wrap), x, x.narrow(dim, 0, self.wrap)], dim) if self.wrap else x

    def _split(self, x: Tensor, dim: int) -> Tensor:
        """low[i] = sum_k lo[k] x[2 i + k - wrap], and the same for high; low and high side by side."""
        n, wrapped = x.shape[dim], self._wrapped(x, dim)
        out = torch.empty_like(x)
        for half, taps in enumerate(self.bank):
            band = out.narrow(dim, half * n // 2, n // 2)
            for k, tap in enumerate(taps):
                part = _every_second(wrapped.narrow(dim, k, n - 1), dim)
                torch.mul(part, tap, out=band) if k == 0 else band.add_(part, alpha=tap)
        return out

    def _merge(self, c: Tensor, dim: int) -> Tensor:
        """The transpose of `_split`, gathered for the even and the odd samples apart."""
        n = c.shape[dim] // 2
        bands = [self._wrapped(c.narrow(dim, half * n, n), dim) for half in (0, 1)]
        out = torch.zeros_like(c)
        for odd in (0, 1):
            shift, first = divmod(odd + self.wrap, 2)
            target = _every_second(out.narrow(dim, odd, 2 * n - 1), dim)
            for taps, band in zip(self.bank, bands, strict=True):
                for j, tap in enumerate(taps[first::2]):
                    target.add_(band.narrow(dim, self.wrap + shift - j, n), alpha=tap)
        return out


def _every_second(x: Tensor, dim: int) -> Tensor:
    return x.movedim(dim, -1)[..., ::2].movedim(-1, dim)
