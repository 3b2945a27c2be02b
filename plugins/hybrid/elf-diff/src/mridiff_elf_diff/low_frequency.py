"""Low frequencies: what a central box of k-space holds of an image, and two images mixed inside it."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff_sdk.fourier import fft, ifft

__all__ = ["box", "low", "mixed"]


def box(m: Tensor, ny: int, nx: int) -> Tensor:
    """Where |q - n // 2| <= int(m n) along both axes of k-space, bool (sample, ky, kx), of half widths m (sample,) in shares of it.

    One sample at least, and everything from m = 1/2 on.
    """
    inside = [(torch.arange(n, device=m.device) - n // 2).abs() <= (m[:, None] * n).floor() for n in (ny, nx)]
    return inside[0][:, :, None] & inside[1][:, None, :]


def low(x: Tensor, m: Tensor) -> Tensor:
    """What the box of half width m (sample,) holds of images x, complex or real (sample, ..., y, x)."""
    inside = box(m, x.shape[-2], x.shape[-1])
    found = ifft(fft(x) * inside.reshape(len(m), *(1,) * (x.ndim - 3), *inside.shape[-2:]))
    return found if x.is_complex() else found.real


def mixed(x: Tensor, before: Tensor, m: Tensor, share: float) -> Tensor:
    """x (sample, ..., y, x), and inside the box of half width m (sample,) `share` of x and the rest of `before`.

    Source: Shin, Son, Hwang, Eo, 2025, the mixing of low frequencies over time.
    """
    return x + (1 - share) * low(before - x, m)
