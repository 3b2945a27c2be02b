"""K-space as the space of a prior."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mridiff.interfaces import Codec, Field, Space

from .. import fourier

_NAMES = {"y": "ky", "x": "kx", "z": "kz"}


class Fourier(Codec):
    """u = F x over named axes, by default (y, x); centred and orthonormal, so white noise stays white."""

    kind = "unitary"

    def __init__(self, axes: tuple[str, ...] = ("y", "x")) -> None:
        super().__init__()
        self.axes = axes
        self._dims = tuple(range(-len(axes), 0))

    def space(self, domain: Space) -> Space:
        """The domain with its axes renamed to those of k-space; raises ValueError unless they come last."""
        if domain.axes[-len(self.axes) :] != self.axes or not domain.complex:
            raise ValueError(f"the Fourier codec needs a complex space whose last axes are {self.axes}; got {domain}")
        names = tuple(_NAMES.get(a, a) if a in self.axes else a for a in domain.axes)
        return Space(names, domain.sizes, True, domain.unit, "kspace")

    def encode(self, x: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """F x, (sample, ..., ky, kx)."""
        return fourier.fft(x, self._dims)

    def decode(self, u: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """F^-1 u, (sample, ..., y, x)."""
        return fourier.ifft(u, self._dims)
