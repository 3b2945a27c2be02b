"""Noise: the likelihood of a measurement. Standard deviations are per complex sample, E|n|^2 = std^2, or per real sample."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor

if TYPE_CHECKING:
    from .streams import Streams


def _move(value: Any, device: torch.device | str) -> Any:
    return value.to(device) if isinstance(value, Tensor) else value


def _sum(x: Tensor) -> Tensor:
    return x.flatten(1).sum(1)


class Noise(ABC):
    """How y scatters about A(x)."""

    @abstractmethod
    def nll(self, Ax: Any, y: Any) -> Tensor:
        """Negative log-likelihood up to a constant, (sample,)."""

    @abstractmethod
    def grad(self, Ax: Any, y: Any) -> Any:
        """Gradient of `nll` with respect to `Ax`, as torch's autograd defines it (for complex numbers d/dRe + i d/dIm)."""

    @abstractmethod
    def draw(self, Ax: Any, rng: Streams) -> Any:
        """A measurement of `Ax` with this noise."""

    @abstractmethod
    def over(self, y: Any, c: float | Tensor) -> tuple[Any, Noise] | None:
        """y / c and its noise, c a number or one per sample, (sample,); None where y has no other unit, as counts have none."""

    def to(self, device: torch.device | str) -> Self:
        """The noise on another device."""
        return self


@dataclass(frozen=True)
class Gaussian(Noise):
    """y = A(x) + n with n normal of standard deviation `std` (None: unknown) divided by the root of `weight` (sample, ...)."""

    std: float | Tensor | None = None
    weight: Tensor | None = None

    @property
    def variance(self) -> float | Tensor:
        """std^2, or 1 where the level is unknown, so that `nll` is a plain sum of squares."""
        return 1.0 if self.std is None else self.std**2

    def _residual(self, Ax: Tensor, y: Tensor) -> Tensor:
        r = Ax - y
        return r if self.weight is None else self.weight * r

    def nll(self, Ax: Tensor, y: Tensor) -> Tensor:
        """sum of w |A x - y|^2 / std^2, halved for real data, (sample,)."""
        half = 1.0 if Ax.is_complex() else 0.5
        return half * _sum((self._residual(Ax, y) * (Ax - y).conj()).real / self.variance)

    def grad(self, Ax: Tensor, y: Tensor) -> Tensor:
        """2 w (A x - y) / std^2 for complex, w (A x - y) / std^2 for real data."""
        return self._residual(Ax, y) * ((2.0 if Ax.is_complex() else 1.0) / self.variance)

    def draw(self, Ax: Tensor, rng: Streams) -> Tensor:
        """A x + n; raises ValueError where the level is unknown."""
        if self.std is None:
            raise ValueError("cannot draw noise of unknown level; give Gaussian(std=...)")
        n = rng.normal_like(Ax).mul_(self.std)
        return (n if self.weight is None else n / self.weight.clamp_min(1e-12).sqrt()).add_(Ax)

    def over(self, y: Tensor, c: float | Tensor) -> tuple[Tensor, Noise]:
        """y / c, with the standard deviation std / c."""
        if isinstance(c, Tensor):
            c = c.to(y.real.dtype).reshape(-1, *(1,) * (y.ndim - 1))
        return y / c, replace(self, std=None if self.std is None else self.std / c)

    def to(self, device: torch.device | str) -> Self:
        """The noise on another device."""
        return replace(self, std=_move(self.std, device), weight=_move(self.weight, device))


@dataclass(frozen=True)
class Poisson(Noise):
    """y ~ Poisson(A(x) + background), counts; `floor` keeps the gradient finite where the mean is near zero."""

    background: float | Tensor = 0.0
    floor: float = 1e-6

    def _mean(self, Ax: Tensor) -> Tensor:
        return (Ax + self.background).clamp_min(self.floor)

    def nll(self, Ax: Tensor, y: Tensor) -> Tensor:
        """sum(mean - y log mean), (sample,)."""
        mean = self._mean(Ax)
        return _sum(mean - y * mean.log())

    def grad(self, Ax: Tensor, y: Tensor) -> Tensor:
        """1 - y / mean, and zero where the mean is clamped to the floor."""
        mean = self._mean(Ax)
        return (1 - y / mean) * (Ax + self.background >= self.floor)

    def draw(self, Ax: Tensor, rng: Streams) -> Tensor:
        """Counts."""
        return rng.poisson(self._mean(Ax))

    def over(self, y: Tensor, c: float | Tensor) -> None:
        """Counts have no other unit."""

    def to(self, device: torch.device | str) -> Self:
        """The noise on another device."""
        return replace(self, background=_move(self.background, device))


@dataclass(frozen=True)
class Blocks(Noise):
    """One noise per block of a block operator; y is a tuple."""

    parts: tuple[Noise, ...]

    def nll(self, Ax: tuple[Tensor, ...], y: tuple[Tensor, ...]) -> Tensor:
        """The sum over blocks, (sample,)."""
        return torch.stack([n.nll(a, b) for n, a, b in zip(self.parts, Ax, y, strict=True)]).sum(0)

    def grad(self, Ax: tuple[Tensor, ...], y: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """One gradient per block."""
        return tuple(n.grad(a, b) for n, a, b in zip(self.parts, Ax, y, strict=True))

    def draw(self, Ax: tuple[Tensor, ...], rng: Streams) -> tuple[Tensor, ...]:
        """One measurement per block, each with streams of its own."""
        return tuple(n.draw(a, rng.child(f"block{i}")) for i, (n, a) in enumerate(zip(self.parts, Ax, strict=True)))

    def over(self, y: tuple[Tensor, ...], c: float | Tensor) -> tuple[tuple[Tensor, ...], Noise] | None:
        """Every block and its noise, or none of them."""
        divided = [pair for n, block in zip(self.parts, y, strict=True) if (pair := n.over(block, c)) is not None]
        return (tuple(b for b, _ in divided), Blocks(tuple(n for _, n in divided))) if len(divided) == len(y) else None

    def to(self, device: torch.device | str) -> Self:
        """The noise on another device."""
        return replace(self, parts=tuple(n.to(device) for n in self.parts))
