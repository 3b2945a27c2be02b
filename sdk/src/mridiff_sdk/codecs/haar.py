"""One level of the orthonormal Haar transform, its bands as channels."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mridiff.interfaces import Codec, Field, Space


class Haar(Codec):
    """u = sums and differences of neighbours over the last `dimensions` axes, halved in size, bands in an axis `channel` in front.

    Band 0 is low in all of them; the binary digits of the band say along which axes it holds differences, the first axis in
    the highest digit. Two dimensions give low-low, low-high, high-low, high-high. Real or complex; sizes must be even.
    """

    kind = "unitary"

    def __init__(self, dimensions: int = 2) -> None:
        super().__init__()
        self.dimensions = dimensions

    def space(self, domain: Space) -> Space:
        """The domain with halved sizes and 2^dimensions channels first; raises ValueError where that cannot be."""
        halved = domain.sizes[-self.dimensions :]
        if len(domain.axes) < self.dimensions or "channel" in domain.axes or any(n is not None and n % 2 for n in halved):
            raise ValueError(f"the Haar codec needs {self.dimensions} last axes of even size and no axis 'channel'; got {domain}")
        sizes = (*domain.sizes[: -self.dimensions], *(None if n is None else n // 2 for n in halved))
        return Space(("channel", *domain.axes), (2**self.dimensions, *sizes), domain.complex, domain.unit, domain.kind)

    def encode(self, x: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """The bands, (sample, channel, ..., y / 2, x / 2)."""
        u = x[:, None]
        for dim in range(-self.dimensions, 0):
            pair = u.unflatten(dim, (u.shape[dim] // 2, 2))
            a, b = pair.unbind(dim)
            u = torch.stack(((a + b), (a - b)), dim=2).flatten(1, 2) * 0.5**0.5
        return u

    def decode(self, u: Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """The image of the bands, (sample, ..., y, x)."""
        for dim in range(-1, -self.dimensions - 1, -1):
            low, high = u.unflatten(1, (u.shape[1] // 2, 2)).unbind(2)
            u = torch.stack((low + high, low - high), dim=dim).flatten(dim - 1, dim) * 0.5**0.5
        return u[:, 0]
