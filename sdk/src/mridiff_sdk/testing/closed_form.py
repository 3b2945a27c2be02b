"""Closed form: Gaussian images whose posterior is known exactly, measured by one coil and by several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mridiff.interfaces import Diffusion, Gaussian, LinearOperator, Problem, Sampler, Space, Streams

from ..diffusions import VP
from ..oracles import Covariance, GaussianPrior
from .reference import Masked, Sense


@dataclass(frozen=True)
class Operators:
    """What one coil measures through a mask (1, ky, kx), and several through maps (1, coil, y, x) besides."""

    one: Callable[[Tensor], LinearOperator] = Masked
    several: Callable[[Tensor, Tensor], LinearOperator] = Sense


PLAIN = Operators()


@dataclass(frozen=True)
class ClosedForm:
    """A prior, a problem, and the posterior of the two: its mean (1, y, x) and its covariance (pixel, pixel)."""

    prior: GaussianPrior
    problem: Problem
    mean: Tensor
    covariance: Tensor

    @torch.no_grad()
    def deviation(self, sampler: Sampler, samples: int) -> tuple[float, float]:
        """Error of the sample mean relative to the posterior mean, and total variance relative to the posterior's."""
        x = sampler(self.problem, Streams.of(0, "closed form", samples))
        mean = (torch.linalg.vector_norm(x.mean(0) - self.mean) / torch.linalg.vector_norm(self.mean)).item()
        return mean, ((x - x.mean(0)).abs().square().mean(0).sum() / self.covariance.diagonal().real.sum()).item()

    def errors(self, sampler: Sampler, samples: int) -> tuple[float, float]:
        """Error of the sample mean in standard deviations of the posterior, root mean square over pixels, and the share of its variance."""
        mean, variance = self.deviation(sampler, samples)
        return mean * (torch.linalg.vector_norm(self.mean) / self.covariance.diagonal().real.sum().sqrt()).item(), variance


def measured(coils: int, shape: tuple[int, int], std: float | None, x: Tensor, dtype: torch.dtype = torch.complex128,
             operators: Operators = PLAIN) -> Problem:  # fmt: skip
    """Three of five columns of k-space of x, by one coil or several, with noise."""
    ny, nx = shape
    real = dtype.to_real()
    mask = torch.zeros(1, ny, nx, dtype=real)
    mask[..., 0::5], mask[..., 2::5], mask[..., 3::5] = 1, 1, 1
    A = operators.one(mask)
    if coils > 1:
        y, across = torch.meshgrid(torch.linspace(-1, 1, ny, dtype=real), torch.linspace(-1, 1, nx, dtype=real), indexing="ij")
        angle = torch.arange(coils)[:, None, None] * (2 * torch.pi / coils)
        maps = torch.polar(torch.exp(-((y - angle.sin()) ** 2 + (across - angle.cos()) ** 2) / 1.2), angle + 0.7 * y)
        A = operators.several((maps / torch.linalg.vector_norm(maps, dim=0))[None].to(dtype), mask)
    y = A(x.to(dtype))
    noise = Streams.of(1, "noise").normal_like(y) * (std or 0.0)
    return Problem(A, y + noise * (y != 0), Gaussian(std), A.domain)


def closed_form(kind: str = "white", coils: int = 1, std: float = 0.1, diffusion: Diffusion | None = None, shape: tuple[int, int] = (6, 5),
                operators: Operators = PLAIN) -> ClosedForm:  # fmt: skip
    """White images of unit variance, or "smooth" ones, about a random mean of unit variance."""
    rng, space = Streams.of(2, "closed form"), Space(("y", "x"), shape)
    C = Covariance.diagonal(space, 1.0)
    if kind == "smooth":
        place = torch.cartesian_prod(torch.arange(shape[0]), torch.arange(shape[1])).double()
        C = Covariance.dense(space, torch.exp(-(torch.cdist(place, place) ** 2) / 3) + 0.02 * torch.eye(len(place)))
    prior = GaussianPrior(rng.normal(shape, torch.complex128), C, diffusion or VP())
    problem = measured(coils, shape, std, prior.draw(rng), operators=operators)
    return ClosedForm(prior, problem, *prior.posterior(problem))
