"""Radon: parallel projections of an activity, exact for square pixels, with their matched adjoint; counts, as PET measures them."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Space

from .linear import linear

SLIM = 1e-4
"""The least width in pixels that a side of a pixel is given when it is seen edge on."""


class Sums(nn.Module):
    """A sparse matrix, row by row: y_i = sum of its weights in row i times the x_j that they belong to, (sample, j) to (sample, i).

    Several times as fast as torch's sparse products, which convert the matrix in each.
    """

    index: Tensor
    start: Tensor
    weight: Tensor

    def __init__(self, row: Tensor, column: Tensor, weight: Tensor, rows: int) -> None:
        super().__init__()
        order = torch.argsort(row, stable=True)
        counts = torch.bincount(row, minlength=rows)
        self.register_buffer("index", column[order], persistent=False)
        self.register_buffer("start", counts.cumsum(0) - counts, persistent=False)
        self.register_buffer("weight", weight[order], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """The product, in the higher precision of the two."""
        dtype = torch.promote_types(x.dtype, self.weight.dtype)
        table, weight = x.mT.contiguous().to(dtype), self.weight.to(dtype)
        y: Tensor = functional.embedding_bag(self.index, table, self.start, mode="sum", per_sample_weights=weight)
        return y.mT


class Radon(LinearOperator):
    """y = s P u: the expected counts of activity u, real (sample, y, x), in bins of one pixel's width, real (sample, angle, bin).

    P integrates over the strip of every bin, pixels being squares of constant activity, so each angle holds the sum of u. `angles`
    (1, angle) in radians, `scale` s (1 or sample,) in counts. Kept as the entries of a sparse matrix by rows and the same ones by columns:
    a matched pair to rounding. Raises DataError for angles that differ between samples.
    """

    rough_name = "filtered back-projection"
    angles: Tensor
    scale: Tensor

    def __init__(self, size: tuple[int, int], angles: Tensor, bins: int, scale: Tensor) -> None:
        super().__init__()
        if angles.ndim != 2 or len(angles) != 1:
            raise DataError(f"the angles have shape {tuple(angles.shape)}; expected (1, angle), the same for all samples",
                            hint="Reconstruct scans with other angles one by one.")  # fmt: skip
        self.domain = Space(("y", "x"), size, complex=False)
        self.codomain = Space(("angle", "bin"), (angles.shape[1], bins), complex=False, kind="sinogram")
        self.register_buffer("angles", angles)
        self.register_buffer("scale", scale)
        (row, column), weight = strips(size, angles[0].double(), bins)
        self.rows = Sums(row, column, weight.to(angles.dtype), angles.shape[1] * bins)
        self.columns = Sums(column, row, weight.to(angles.dtype), math.prod(size))

    def forward(self, x: Tensor) -> Tensor:
        """s P u."""
        y = linear(x.flatten(1), self.rows, self.columns).reshape(-1, *self.codomain.shape)  # type: ignore[union-attr]  # one block
        counts: Tensor = self.scale[:, None, None] * y
        return counts

    def adjoint(self, y: Tensor) -> Tensor:
        """s P^T y."""
        x = linear((self.scale[:, None, None] * y).flatten(1), self.columns, self.rows)
        return x.reshape(-1, *self.domain.shape)

    def rough(self, y: Any) -> Tensor:
        """Filtered back-projection with a Hann window, for angles even over half a turn (Kak and Slaney, 1988, chapter 3)."""
        angles, bins = self.codomain.shape  # type: ignore[union-attr]  # one block
        distance = torch.arange(bins, device=y.device)[:, None] - torch.arange(bins, device=y.device)
        kernel = 0.5 * ramp(distance) + 0.25 * (ramp(distance - 1) + ramp(distance + 1))
        return self.adjoint(y @ kernel.to(y.dtype)) * (math.pi / angles) / (self.scale**2)[:, None, None]

    def scaled(self, c: float | Tensor) -> LinearOperator:
        """The operator u -> A(c u): more counts for a unit of activity."""
        if not isinstance(c, Tensor):
            return self._like(self.angles, c * self.scale)
        return self._like(self.angles, c.flatten() * self.scale) if c.numel() == len(c) else super().scaled(c)

    def subset(self, first: int, step: int) -> Radon:
        """The projections at every `step`-th angle, from `first` on; y[:, first::step] belongs to them."""
        return self._like(self.angles[:, first::step], self.scale)

    def _like(self, angles: Tensor, scale: Tensor) -> Radon:
        return Radon(self.domain.shape, angles, self.codomain.shape[1], scale)  # type: ignore[arg-type, union-attr]  # two axes, one block


def ramp(distance: Tensor) -> Tensor:
    """The ramp filter, cut off at the highest frequency that bins hold, at whole distances in bins."""
    odd = -1 / (math.pi * torch.where(distance == 0, 1, distance).double()) ** 2
    return torch.where(distance == 0, 0.25, torch.where(distance % 2 == 1, odd, 0.0))


def strips(size: tuple[int, int], angles: Tensor, bins: int) -> tuple[Tensor, Tensor]:
    """The area of every pixel in the strip of every bin, where it is not 0: (angle and bin, pixel), (2, entry), and the area, (entry,).

    A unit square seen under an angle casts a trapezoid: the convolution of two boxes as wide as the shadows of its sides.
    """
    ny, nx = size
    y, x = torch.meshgrid(*(torch.arange(n, dtype=torch.float64, device=angles.device) - (n - 1) / 2 for n in size), indexing="ij")
    c, s = angles.cos()[:, None], angles.sin()[:, None]
    centre = c * x.flatten() + s * y.flatten() + bins / 2  # in bins, from the left edge of the first
    wide, narrow = c.abs().clamp_min(SLIM), s.abs().clamp_min(SLIM)

    def left_of(edge: Tensor) -> Tensor:
        """The area of each pixel on the left of an edge."""
        d = edge - centre
        corners = ((d + (wide + narrow) / 2), (d + (wide - narrow) / 2), (d - (wide - narrow) / 2), (d - (wide + narrow) / 2))
        a, b, e, f = (corner.clamp_min(0).square() / 2 for corner in corners)
        return (a - b - e + f) / (wide * narrow)

    first = (centre - (wide + narrow) / 2).floor()
    rows = torch.arange(len(angles), device=angles.device)[:, None] * bins
    places, weights = [], []
    for k in range(3):  # the shadow is at most sqrt(2) wide
        bin_ = first + k
        weight = left_of(bin_ + 1) - left_of(bin_)
        seen = (weight > 1e-9) & (bin_ >= 0) & (bin_ < bins)
        pixel = torch.arange(ny * nx, device=angles.device).expand_as(bin_)
        places.append(torch.stack(((rows + bin_.long())[seen], pixel[seen])))
        weights.append(weight[seen])
    return torch.cat(places, dim=1), torch.cat(weights)
