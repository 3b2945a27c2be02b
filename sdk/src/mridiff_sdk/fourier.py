"""The one Fourier convention: centred and orthonormal, right for even and odd sizes.

The origin of image and k-space is the sample n // 2 of each axis, so that with c = n // 2

    k[q] = n^-1/2  sum_p  x[p] exp(-2 pi i (p - c)(q - c) / n).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["centring_phases", "fft", "ifft"]

AXES = (-2, -1)


def fft(x: Tensor, axes: Sequence[int] = AXES) -> Tensor:
    """Image to k-space along `axes`; any shape, complex (or real, which becomes complex); unitary."""
    axes = tuple(axes)
    k: Tensor = torch.fft.fftshift(torch.fft.fftn(torch.fft.ifftshift(x, axes), dim=axes, norm="ortho"), axes)
    return k


def ifft(k: Tensor, axes: Sequence[int] = AXES) -> Tensor:
    """K-space to image along `axes`; the inverse and adjoint of `fft`."""
    axes = tuple(axes)
    x: Tensor = torch.fft.fftshift(torch.fft.ifftn(torch.fft.ifftshift(k, axes), dim=axes, norm="ortho"), axes)
    return x


def centring_phases(
    shape: Sequence[int], dtype: torch.dtype = torch.complex64, device: torch.device | str = "cpu"
) -> tuple[Tensor, Tensor]:
    """The unit factors (a, b) that turn the plain transform into the centred one over the last len(shape) axes, without a shift.

    fft(x) = b * fftn(a * x) and ifft(k) = conj(a) * ifftn(conj(b) * k), where fftn and ifftn are torch's with norm="ortho". An
    operator multiplies `a` into its coil maps and `b` into its mask, once. Both have the given shape. If all sizes are even
    they are +-1 and real (of the real type that belongs to `dtype`); with an odd size they are linear phases of type `dtype`.

    From (p - c)(q - c) = pq - c(p + q) + c^2: a[p] = exp(2 pi i c p / n), b[q] = a[q] exp(-2 pi i c^2 / n). The integer products
    are reduced modulo n before the division, so the phases are exact to rounding for every size.
    """
    a = torch.ones((), dtype=torch.complex128)
    b = torch.ones((), dtype=torch.complex128)
    for n in shape:
        c, p = n // 2, torch.arange(n)
        a = a[..., None] * _unit_phase(c * p % n, n)
        b = b[..., None] * _unit_phase(c * (p - c) % n, n)
    if all(n % 2 == 0 for n in shape):
        real = torch.empty((), dtype=dtype).real.dtype
        return a.real.round().to(device, real), b.real.round().to(device, real)
    return a.to(device, dtype), b.to(device, dtype)


def _unit_phase(step: Tensor, n: int) -> Tensor:
    angle = step.to(torch.float64) * (2 * math.pi / n)
    return torch.polar(torch.ones_like(angle), angle)
