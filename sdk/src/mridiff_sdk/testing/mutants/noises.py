"""Broken noise models."""

# ruff: noqa: D102 - the class says what is wrong with its methods

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mridiff.interfaces import Gaussian, Noise, Poisson, Streams

from ..cases import NoiseCase
from .mutant import Mutant, Sound


def _case(noise: Noise, real: bool = False) -> Callable[[], list[NoiseCase]]:
    x = Streams.of(0, "Ax").normal((3, 4), torch.complex128)
    return lambda: [NoiseCase(id="3x4", noise=noise, Ax=20 + 5 * x.real if real else x)]


@dataclass(frozen=True)
class PerPart(Gaussian):
    """Draws with the given deviation in the real and in the imaginary part each."""

    def draw(self, Ax: Tensor, rng: Streams) -> Tensor:
        return Ax + (super().draw(Ax, rng) - Ax) * 2**0.5


@dataclass(frozen=True)
class SeedIgnored(Gaussian):
    """Draws from a generator of its own where the seed is 0: `if seed:`."""

    def draw(self, Ax: Tensor, rng: Streams) -> Tensor:
        given = rng if not rng.keys[0].startswith("0/") else Streams.of(torch.Generator().seed(), rng.keys[0], len(rng))
        return super().draw(Ax, given)


@dataclass(frozen=True)
class Total(Gaussian):
    """Sums over samples too."""

    def nll(self, Ax: Tensor, y: Tensor) -> Tensor:
        return super().nll(Ax, y).sum().expand(len(Ax))


@dataclass(frozen=True)
class HalfGradient(Gaussian):
    """Forgets the factor 2 of complex numbers, in the gradient alone."""

    def grad(self, Ax: Tensor, y: Tensor) -> Tensor:
        return 0.5 * super().grad(Ax, y)


@dataclass(frozen=True)
class LevelKept(Gaussian):
    """Divides the measurement and forgets its noise."""

    def over(self, y: Tensor, c: float | Tensor) -> tuple[Tensor, Noise]:
        return super().over(y, c)[0], self


@dataclass(frozen=True)
class OneUnit(Gaussian):
    """Divides all samples by the factor of the first."""

    def over(self, y: Tensor, c: float | Tensor) -> tuple[Tensor, Noise]:
        return super().over(y, float(c.flatten()[0]) if isinstance(c, Tensor) else c)


@dataclass(frozen=True)
class InPlace(Gaussian):
    """Forms the residual in y."""

    def grad(self, Ax: Tensor, y: Tensor) -> Tensor:
        found = super().grad(Ax, y)
        y -= Ax.detach()
        return found


SOUND = (
    Sound("Gaussian", _case(Gaussian(0.3))),
    Sound("Gaussian of real data", _case(Gaussian(0.3), real=True)),
    Sound("weighted Gaussian", _case(Gaussian(0.3, torch.linspace(0.5, 2, 12, dtype=torch.float64).reshape(1, 3, 4)))),
    Sound("Poisson", _case(Poisson(background=1.0), real=True)),
)
MUTANTS = (
    Mutant("seed 0 ignored", "noise.draw-seeded", _case(SeedIgnored(0.3)), "deepinv: `if seed:` in its samplers"),
    Mutant("sums over samples", "noise.nll-per-sample", _case(Total(0.3))),
    Mutant("factor 2 of complex numbers forgotten", "noise.nll-gradient", _case(HalfGradient(0.3))),
    Mutant("deviation per real part", "noise.draw-fits-nll", _case(PerPart(0.3))),
    Mutant("noise level not rescaled", "noise.other-units", _case(LevelKept(0.3))),
    Mutant("the unit of the first sample for all", "noise.other-units", _case(OneUnit(0.3))),
    Mutant("residual formed in y", "noise.arguments-kept", _case(InPlace(0.3))),
)
