"""Whitening: coils are mixed so that their noise is equal and independent, as a scan of noise alone shows it to be."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

LEAST = 10
"""Samples of noise per coil below which their covariance is not known well enough."""


@dataclass(frozen=True)
class Whitening:
    """A matrix (coil, coil) that makes the noise of all coils independent, with standard deviation `std` per complex sample."""

    matrix: Tensor
    std: float

    @classmethod
    def of(cls, noise: Tensor, variance: float = 1.0) -> Whitening | None:
        """From samples (coil, n) of noise whose variance is that of the image divided by `variance`; None where they are too few.

        The median level of the coils is kept. Coils without any noise are broken, and left as they are weighted by nobody.
        """
        coils, n = noise.shape
        if n < LEAST * coils or not bool(torch.isfinite(torch.view_as_real(noise)).all()):
            return None
        noise = noise.to(torch.complex128)
        covariance = variance * (noise @ noise.mH) / n
        level = float(covariance.diagonal().real.median())
        if not level > 0:
            return None
        values, vectors = torch.linalg.eigh(covariance)
        scale = (level / values.clamp_min(1e-6 * level)).sqrt()
        return cls((vectors * scale) @ vectors.mH, math.sqrt(level))

    def __call__(self, kspace: Tensor) -> Tensor:
        """K-space (coil, ...) in the new coils."""
        return torch.einsum("ab,b...->a...", self.matrix.to(kspace.dtype), kspace)
