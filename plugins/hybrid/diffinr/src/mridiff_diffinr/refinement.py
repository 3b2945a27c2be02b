"""Refinement: an estimate that agrees with the data, found in the weights of a coordinate network."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi, sqrt

import torch
from torch import Tensor

from mridiff.interfaces import Blocks, Gaussian, LinearOperator, Noise, Streams

from .network import Architecture, CoordinateNetwork

__all__ = ["Data", "Refinement", "misfit_of_noise", "norm", "residual"]

Data = Tensor | tuple[Tensor, ...]
SMOOTH = 0.03
"""Residuals below so many times the mean sample count by their squares: with a kink at 0 rounding decides which way a fit goes."""


@dataclass(frozen=True)
class Refinement:
    """x = P_phi'(d) + e: a fresh network is fitted to the estimate x0, then from there to the data; e is what it lost of x0.

    Prior embedding: phi = argmin |P_phi(d) - x0|_2^2, and e = x0 - P_phi(d). Data refinement: phi' from phi towards
    argmin |A (P_phi(d) + e) - y|_1, by a few small steps, so that what was not measured follows as the network lets it. Losses are
    relative to their target and Adam's steps to the weights, so that no rate depends on the scale of the images. Without iterations on
    the data x is x0. Source: Chu et al., Medical Image Analysis 100:103398, 2025, section 3.3 and algorithm 1, where e is 0 (`keep`
    False).
    """

    prior_iterations: int = 60
    data_iterations: int = 40
    prior_rate: float = 1e-2
    data_rate: float = 1e-2
    keep: bool = True
    sizes: Architecture = field(default_factory=Architecture)

    def __call__(self, x0: Tensor, y: Data, A: LinearOperator, rng: Streams, misfit: float = 0.0) -> Tensor:
        """The refined estimate (sample, *domain), one fit per sample, each with weights drawn from its own stream; y is that of all.

        The data are fitted no further than to a residual of the norm |A x - y|_1 = `misfit`.
        """
        return torch.cat([self.alone(x0[i : i + 1], y, A, rng[i], misfit) for i in range(len(x0))])

    def alone(self, x0: Tensor, y: Data, A: LinearOperator, rng: Streams, misfit: float = 0.0) -> Tensor:
        """The same for one sample (1, *domain)."""
        network = self.embedded(x0, rng)
        lost = x0 - network().detach() if self.keep else torch.zeros_like(x0)
        refined: Tensor = self.matched(network, lost, y, A, misfit)().detach()
        return refined + lost

    def embedded(self, x0: Tensor, rng: Streams) -> CoordinateNetwork:
        """A fresh network fitted to an estimate x0 (1, *domain)."""
        network = CoordinateNetwork(x0, self.sizes, rng)
        target = energy(x0).sum().clamp_min(torch.finfo(x0.dtype).tiny)
        network.fit(lambda x: energy(x - x0).sum() / target, self.prior_iterations, self.prior_rate)
        return network

    def matched(self, network: CoordinateNetwork, lost: Tensor, y: Data, A: LinearOperator, misfit: float = 0.0) -> CoordinateNetwork:
        """The same network, fitted from where it is, so that with what it `lost` (1, *domain) it explains the data."""
        target, samples = float(norm(y)), sum(int(block.count_nonzero()) for block in blocks(y))
        little = SMOOTH * target / max(samples, 1)
        nothing = little * (sum(block.numel() for block in blocks(y)) - samples)  # of what is 0 in y, as where a mask is

        def loss(x: Tensor) -> Tensor:
            return (norm(residual(x + lost, y, A), little) - nothing) / target

        network.fit(loss, self.data_iterations, self.data_rate, misfit / target)
        return network


def residual(x: Tensor, y: Data, A: LinearOperator) -> Data:
    """A x - y, block by block where there are several."""
    Ax = A(x)
    return tuple(a - b for a, b in zip(Ax, y, strict=True)) if isinstance(y, tuple) else Ax - y


def blocks(y: Data) -> tuple[Tensor, ...]:
    """The blocks of a measurement; one where it is not of several."""
    return y if isinstance(y, tuple) else (y,)


def norm(r: Data, little: float = 0.0) -> Tensor:
    """|r|_1, all blocks together, each number counted as (|r|^2 + little^2)^(1/2), which has no kink at 0; never 0."""
    if not little:
        total = torch.stack([b.abs().sum() for b in blocks(r)]).sum()
        return total.clamp_min(torch.finfo(total.dtype).tiny)
    return torch.stack([(energy(b) + little**2).sqrt().sum() for b in blocks(r)]).sum()


def energy(x: Tensor) -> Tensor:
    """|x|^2 of every number."""
    return (x * x.conj()).real


def misfit_of_noise(noise: Noise, y: Data) -> float:
    """The norm |A x - y|_1 that is to be expected of the true x, over all samples that are not 0; blocks of unknown level have none.

    Where a fit has come so far, it would go on to fit the noise (Morozov's discrepancy principle, 1966).
    """
    if isinstance(y, tuple):
        return sum(misfit_of_noise(part, block) for part, block in zip(noise.parts, y, strict=True)) if isinstance(noise, Blocks) else 0.0
    if not isinstance(noise, Gaussian) or noise.std is None:
        return 0.0
    mean = sqrt(pi) / 2 if y.is_complex() else sqrt(2 / pi)  # of |n|, in standard deviations
    each = torch.as_tensor(noise.std, device=y.device) * (torch.ones_like(y.real) if noise.weight is None else noise.weight.rsqrt())
    return mean * float(each.expand(y.shape)[y != 0].sum())
