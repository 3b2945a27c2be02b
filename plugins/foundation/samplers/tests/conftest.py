"""Gaussian images whose posterior is known exactly, measured by one coil and by several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from mridiff.interfaces import Diffusion, Gaussian, LinearOperator, Problem, Sampler, Space, Streams
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.diffusions import VP
from mridiff_sdk.oracles import Covariance, GaussianPrior


@dataclass
class Case:
    prior: GaussianPrior
    problem: Problem
    mean: Tensor  # (1, y, x)
    covariance: Tensor  # (pixel, pixel)

    def deviation(self, sampler: Sampler, samples: int) -> tuple[float, float]:
        """Error of the sample mean relative to the posterior mean, and total variance relative to the posterior's."""
        with torch.no_grad():
            x = sampler(self.problem, Streams.of(0, "closed form", samples))
        mean = (torch.linalg.vector_norm(x.mean(0) - self.mean) / torch.linalg.vector_norm(self.mean)).item()
        return mean, ((x - x.mean(0)).abs().square().mean(0).sum() / self.covariance.diagonal().real.sum()).item()


def measured(coils: int, shape: tuple[int, int], std: float | None, x: Tensor, dtype: torch.dtype = torch.complex128) -> Problem:
    """Three of five columns of k-space of x, by one coil or several, with noise."""
    ny, nx = shape
    real = dtype.to_real()
    mask = torch.zeros(1, ny, nx, dtype=real)
    mask[..., 0::5], mask[..., 2::5], mask[..., 3::5] = 1, 1, 1
    A: LinearOperator = FourierOperator(mask)
    if coils > 1:
        y, across = torch.meshgrid(torch.linspace(-1, 1, ny, dtype=real), torch.linspace(-1, 1, nx, dtype=real), indexing="ij")
        angle = torch.arange(coils)[:, None, None] * (2 * torch.pi / coils)
        maps = torch.polar(torch.exp(-((y - angle.sin()) ** 2 + (across - angle.cos()) ** 2) / 1.2), angle + 0.7 * y)
        A = SenseOperator((maps / torch.linalg.vector_norm(maps, dim=0))[None].to(dtype), mask)
    y = A(x.to(dtype))
    noise = Streams.of(1, "noise").normal_like(y) * (std or 0.0)
    return Problem(A, y + noise * (y != 0), Gaussian(std), A.domain)


def closed_form(kind: str = "white", coils: int = 1, std: float = 0.1, diffusion: Diffusion | None = None,
                shape: tuple[int, int] = (6, 5)) -> Case:  # fmt: skip
    """White images of unit variance, or smooth ones, about a random mean of unit variance."""
    rng, space = Streams.of(2, "closed form"), Space(("y", "x"), shape)
    C = Covariance.diagonal(space, 1.0)
    if kind == "smooth":
        place = torch.cartesian_prod(torch.arange(shape[0]), torch.arange(shape[1])).double()
        C = Covariance.dense(space, torch.exp(-(torch.cdist(place, place) ** 2) / 3) + 0.02 * torch.eye(len(place)))
    prior = GaussianPrior(rng.normal(shape, torch.complex128), C, diffusion or VP())
    problem = measured(coils, shape, std, prior.draw(rng))
    return Case(prior, problem, *prior.posterior(problem))


@pytest.fixture(scope="session")
def case() -> Callable[..., Case]:
    return closed_form


@pytest.fixture(scope="session")
def measure() -> Callable[..., Problem]:
    return measured
