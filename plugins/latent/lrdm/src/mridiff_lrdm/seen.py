"""What was measured of a band of k-space, as the networks read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from mridiff_sdk.codecs import Power, RadialWeight, radius
from mridiff_sdk.fourier import fft, ifft

PROFILE = Power(1.0, 4e-4, 0.35)
"""w(r) = (r^2 + 0.02^2)^0.35, r = 1 at the far corner: about r^0.7, and 0.065 at the centre."""
CENTRE = 25 / 256
"""Radius of the centre that the second model does not see, relative to the side of k-space."""


def weighting(shape: torch.Size, void: float) -> RadialWeight:
    """w for k-space of this shape (..., ky, kx), 0 within the radius void min(ky, kx)."""
    return RadialWeight(PROFILE, "corner", void * min(shape[-2:]))


@dataclass(frozen=True)
class Seen:
    """Weighted k-space where measured and 0 elsewhere, in units of its own root mean square, and what is missing of it.

    `k` complex, `missing` real (1 = missing), both (sample, ky, kx), `scale` (sample, 1, 1). Within the void both are 0: nothing is
    there to be known.
    """

    k: Tensor
    missing: Tensor
    scale: Tensor
    weight: RadialWeight

    @classmethod
    def of(cls, measured: Tensor, missing: Tensor, void: float) -> Self:
        """From k-space (sample, ky, kx) that is 0 where `missing` (sample, ky, kx) is 1."""
        weight = weighting(measured.shape, void)
        k = weight.encode(measured)
        scale = k.abs().square().mean((-2, -1), keepdim=True).sqrt().clamp_min(1e-12)
        return cls(k / scale, missing * (weight.weight(measured) > 0), scale, weight)

    def relative(self, k: Tensor) -> Tensor:
        """Other k-space (sample, ky, kx) of the same images, weighted and in the same units."""
        return self.weight.encode(k) / self.scale

    def absolute(self, u: Tensor) -> Tensor:
        """The inverse of `relative`; 0 within the void."""
        return self.weight.decode(u * self.scale)

    def image(self, u: Tensor) -> Tensor:
        """F^-1 u / w, the image (sample, y, x) of weighted k-space in these units, relative to them; without the void."""
        return ifft(self.weight.decode(u))

    def kspace(self, x: Tensor) -> Tensor:
        """The inverse of `image`."""
        return self.weight.encode(fft(x))

    def channels(self) -> Tensor:
        """Real and imaginary part, what is missing, and the radius, (sample, 4, ky, kx) in single precision."""
        ny, nx = self.k.shape[-2:]
        r = radius(ny, nx).to(self.k.device) / (0.5 * min(ny, nx))
        parts = (self.k.real, self.k.imag, self.missing, r.expand(self.k.shape))
        return torch.stack([part.float() for part in parts], dim=1)
