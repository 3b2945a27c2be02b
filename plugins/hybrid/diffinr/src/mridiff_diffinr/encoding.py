"""Hash encoding: features of every pixel, interpolated from grids of several resolutions whose vertices share a table."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams

PRIMES = (1, 2_654_435_761, 805_459_861, 3_674_653_429, 2_097_192_037, 1_434_869_437)
"""Factors of the coordinates of a vertex, by axis: Müller et al., 2022, equation 4, and more of their kind for further axes."""
SPREAD = 1e-4
"""Entries of a new table are uniform within this of 0, so that it says nothing of the image."""

__all__ = ["HashEncoding", "interpolation", "vertices"]


class HashEncoding(nn.Module):
    """Features (level * feature, *shape) of the pixels of a grid of `shape`, any number of axes; what is learned is the tables alone.

    The vertices of level l lie coarser than pixels by factors that fall evenly in logarithm from n / `coarsest` to 1, n the longest axis. A
    level with more vertices than `table` shares entries among them by a hash; its neighbours tell them apart. Pixels are interpolated
    linearly between vertices, one axis after the other, since they lie on a grid themselves. Weights are drawn from a single stream.
    Source: Müller, Evans, Schied, Keller, Instant neural graphics primitives with a multiresolution hash encoding, 2022, section 3.
    """

    def __init__(self, shape: Sequence[int], levels: int, features: int, table: int, coarsest: int, like: Tensor, rng: Streams) -> None:
        super().__init__()
        self.shape, self.features, self.grids = (
            tuple(shape),
            features,
            [vertices(shape, level, levels, coarsest) for level in range(levels)],
        )
        self.places = [hashed(grid, table, like.device) if prod(grid) > table else None for grid in self.grids]
        self.to_pixels = [[interpolation(n, v, like) for n, v in zip(shape, grid, strict=True)] for grid in self.grids]
        drawn = [rng.uniform((features, min(prod(grid), table)), like.dtype, like.device)[0] for grid in self.grids]
        self.tables = nn.ParameterList((2 * u - 1) * SPREAD for u in drawn)

    def forward(self) -> Tensor:
        """The features of all pixels."""
        return torch.cat([self._level(*parts) for parts in zip(self.tables, self.places, self.grids, self.to_pixels, strict=True)])

    def _level(self, table: Tensor, places: Tensor | None, grid: tuple[int, ...], to_pixels: list[Tensor]) -> Tensor:
        x = (table if places is None else table[:, places]).reshape(self.features, *grid)
        for axis, W in enumerate(to_pixels, start=1):
            if len(W) != x.shape[axis]:  # else each pixel is a vertex
                x = (x.movedim(axis, -1) @ W.mT).movedim(-1, axis)
        return x


def vertices(shape: Sequence[int], level: int, levels: int, coarsest: int) -> tuple[int, ...]:
    """Along each axis the number of vertices of a level: about `coarsest` of the longest axis at level 0, one per pixel at the last."""
    longest = max(shape)
    share = (min(coarsest, longest) / longest) ** (1 - level / max(levels - 1, 1))
    return tuple(min(n, max(2, round(n * share))) for n in shape)


def interpolation(n: int, v: int, like: Tensor) -> Tensor:
    """The matrix (n, v) of linear interpolation of n even places between v vertices, the outermost at the ends."""
    where = torch.linspace(0, v - 1, n, dtype=torch.float64)
    hats = (1 - (where[:, None] - torch.arange(v, dtype=torch.float64)).abs()).clamp_min(0)
    return hats.to(like)


def hashed(grid: Sequence[int], table: int, device: torch.device) -> Tensor:
    """Which entry of a table each vertex of a grid has, (vertices,): the exclusive or of its coordinates times primes."""
    found = torch.zeros((), dtype=torch.int64)
    for axis, (n, prime) in enumerate(zip(grid, PRIMES, strict=False)):
        found = found ^ (torch.arange(n) * prime).reshape(-1, *(1,) * (len(grid) - 1 - axis))
    return (found % table).flatten().to(device)
