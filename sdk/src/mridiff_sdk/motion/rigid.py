"""Rigid motion of an image by three shears, each a phase between two Fourier transforms: unitary, and smooth in the motion."""

from __future__ import annotations

import math

import torch
from torch import Tensor


class Rigid:
    """The motion of one pose (sample, 3) = (degrees, pixels along y, pixels along x): translate in the object's frame, then rotate.

    A point (y, x), counted from the centre n // 2 of each axis, goes to R (y + dy, x + dx) with R = [[c, -s], [s, c]]. In k-space this is
    X(k R) exp(-2 pi i (k R) . d) for the row vector k. What leaves the field of view on one side comes back on the other, so the
    map is unitary to rounding for every size, and `undo` is both inverse and adjoint. Meant for less than about 45 degrees.
    Autograd reaches image and pose. Three shears: Unser, Thevenaz, Yaroslavsky, IEEE Trans. Image Process. 4, 1995.
    """

    def __init__(self, pose: Tensor, size: tuple[int, int]) -> None:
        angle, dy, dx = pose[..., None, None].unbind(1)
        half, s = torch.tan(angle * (math.pi / 360)), torch.sin(angle * (math.pi / 180))
        (y, ky), (x, kx) = (_grid(n, pose) for n in size)
        # R = X Y X with X: x -> x + half y and Y: y -> y - s x. The translation rides on the first two, which saves two transforms.
        self.first = _phase(kx * (half * (y[:, None] + dy) + dx))
        self.second = _phase(ky[:, None] * (dy - s * x))
        self.third = _phase(kx * (half * y[:, None]))

    def __call__(self, image: Tensor, shears: int = 3) -> Tensor:
        """The moved images (sample, ..., y, x), or what they are after the first `shears` of the three (along x, y, x)."""
        for phase, axis in self._shears()[:shears]:
            image = _shear(image, phase, axis)
        return image

    def undo(self, image: Tensor, shears: int = 3) -> Tensor:
        """The images (sample, ..., y, x) moved back, from all three shears or from the first `shears`."""
        for phase, axis in self._shears()[:shears][::-1]:
            image = _shear(image, phase.conj(), axis)
        return image

    def _shears(self) -> tuple[tuple[Tensor, int], ...]:
        return (self.first, -1), (self.second, -2), (self.third, -1)


def _grid(n: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Places from the centre, in pixels, and frequencies in cycles per pixel, in the order of a plain transform."""
    place = torch.arange(n, dtype=like.dtype, device=like.device) - n // 2
    return place, torch.fft.fftfreq(n, dtype=like.dtype, device=like.device)


def _phase(turns: Tensor) -> Tensor:
    return torch.polar(torch.ones_like(turns), -2 * math.pi * turns)


def _shear(image: Tensor, phase: Tensor, axis: int) -> Tensor:
    # A translation does not ask where the origin is, so the plain transform does, without the shifts of the centred one.
    phase = phase.reshape(len(phase), *(1,) * (image.ndim - phase.ndim), *phase.shape[1:])
    moved: Tensor = torch.fft.ifft(torch.fft.fft(image, dim=axis) * phase, dim=axis)
    return moved
