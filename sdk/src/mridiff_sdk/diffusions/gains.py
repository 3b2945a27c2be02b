"""What is left of each frequency at time t: 1 everywhere at time 0, less and less towards time 1."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Problem, Streams, spread

from ..sampling_patterns.nested import Order, UnitChoice, mask_at, removal_times


class Gain(ABC):
    """0 <= g_t(k) <= 1 over the last two axes, (ky, kx), never growing with t; g_0 = 1."""

    @abstractmethod
    def __call__(self, t: float | Tensor, like: Tensor) -> Tensor:
        """g_t, real, in a shape that multiplies `like` (sample, ..., ky, kx); t is a number or (sample,)."""

    def bind(self, problem: Problem, rng: Streams) -> Self:
        """This gain for one scan."""
        return self


@dataclass(frozen=True)
class NestedMasks(Gain):
    """M_t = t < removed_at: from full k-space down to the mask of a scan, every entry removed once (Shen et al., Sci. Rep. 2024).

    `removed_at` (sample, ky, kx) is one tensor of removal times; None until `bind` or `to_mask` draws it, one order per sample. With
    `weight`, a function of (ny, nx) that gives real (ky, kx), equal steps of t remove equal shares of it, not of the samples.
    """

    unit: UnitChoice = "column"
    order: Order = "random"
    patch: int = 4
    removed_at: Tensor | None = None
    weight: Callable[[int, int], Tensor] | None = None

    def __call__(self, t: float | Tensor, like: Tensor) -> Tensor:
        """M_t as numbers 0 and 1; raises RuntimeError before a mask is bound."""
        if self.removed_at is None:
            raise RuntimeError("nested masks need a target: call bind(problem, rng) or to_mask(mask, rng) first")
        removed_at = self.removed_at.to(like.device)
        # In the precision of the removal times, so that the fraction i / U meets the i-th of them exactly.
        M = mask_at(removed_at, torch.as_tensor(t, device=like.device).to(removed_at.dtype)).to(like.real.dtype)
        return M.reshape(len(M), *(1,) * (like.ndim - 3), *M.shape[-2:])

    def to_mask(self, mask: Tensor, rng: Streams) -> Self:
        """The sequence that ends at `mask` (1 or sample, ky, kx), with one order for each stream of `rng`."""
        weight = None if self.weight is None else self.weight(mask.shape[-2], mask.shape[-1]).to(mask.device)
        times = removal_times(mask > 0, rng, unit=self.unit, order=self.order, patch=self.patch, weight=weight)
        return replace(self, removed_at=times)

    def bind(self, problem: Problem, rng: Streams) -> Self:
        """The sequence that ends at the scan's own mask; raises DataError where it has none."""
        if "mask" not in problem.acquisition:
            raise DataError("this diffusion removes k-space samples down to the scan's mask, but the scan has none",
                            hint="Use a Cartesian scan, or a diffusion that needs no mask.")  # fmt: skip
        return self.to_mask(problem.acquisition["mask"].data, rng.child("removal"))


@dataclass(frozen=True)
class Geometric:
    """low (high / low)^t for t > 0, and 0 at time 0: a level that starts clean and then grows by equal factors."""

    low: float
    high: float

    def __call__(self, t: Tensor) -> Tensor:
        """The level, in the shape of t."""
        return torch.where(t > 0, self.low * (self.high / self.low) ** t, torch.zeros_like(t))


@dataclass(frozen=True)
class Blur(Gain):
    """exp(-beta_t^2 r^2 / 2), r the distance from the centre of k-space with 1 at the edge of each axis: the heat equation.

    The defaults blur from an edge of 0.88 to a Gaussian of standard deviation n / 48 samples (Cui et al., IEEE TMI 2024).
    """

    beta: Callable[[Tensor], Tensor] = Geometric(0.5, 24.0)

    def __call__(self, t: float | Tensor, like: Tensor) -> Tensor:
        """g_t, (1 or sample, ..., ky, kx)."""
        ny, nx = like.shape[-2:]
        y, x = ((torch.arange(n, dtype=torch.float64, device=like.device) - n // 2) / (n / 2) for n in (ny, nx))
        beta = self.beta(torch.as_tensor(t, dtype=torch.float64, device=like.device))
        beta = beta.reshape(-1, *(1,) * (like.ndim - 1)) if beta.ndim else beta
        return torch.exp(-0.5 * beta**2 * (y[:, None] ** 2 + x**2)).to(like.real.dtype)


@dataclass(frozen=True)
class Box(Gain):
    """A centred box that shrinks evenly from all of k-space to `size` (ky, kx) samples: lower and lower resolution.

    With n - size even, the box at time i / ((n - size) / 2) has lost exactly i samples on each side.
    """

    size: tuple[int, int]

    def __call__(self, t: float | Tensor, like: Tensor) -> Tensor:
        """1 inside the box, 0 outside, (1 or sample, ..., ky, kx); raises ValueError where `size` exceeds k-space."""
        keep = torch.ones((), dtype=like.real.dtype, device=like.device)
        for axis, n, size in zip((-2, -1), like.shape[-2:], self.size, strict=True):
            if size > n:
                raise ValueError(f"Box: the smallest box {self.size} exceeds k-space {tuple(like.shape[-2:])}")
            p = torch.arange(n, device=like.device)
            border = torch.minimum(p, n - 1 - p).to(torch.float64)
            lost = spread(t, like.new_zeros(like.shape, dtype=torch.float64)) * (0.5 * (n - size))
            # A hair less, so that rounding of t = i / N does not take one sample more.
            inside = (border if axis == -1 else border[:, None]) >= lost - 1e-6
            keep = keep * inside.to(like.real.dtype)
        return keep
