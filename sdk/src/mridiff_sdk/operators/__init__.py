"""Linear operators to build others from, one noun a file; they compose as on paper: `Mask(m) @ Fourier(space) @ Coils(maps)`."""

from .linear import linear

__all__ = ["linear"]
