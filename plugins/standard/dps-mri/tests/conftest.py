"""A Gaussian prior with its exact denoiser and posterior, for one and for several coils."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from mridiff.interfaces import Diffusion, Gaussian, LinearOperator, Prior, Problem, Sampler, Space, Streams
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.diffusions import VP

torch.set_num_threads(1)


class GaussianImages(Prior):
    """x0 ~ N(mu, C): E[x0 | x_t] exactly."""

    def __init__(self, mu: Tensor, C: Tensor, diffusion: Diffusion) -> None:
        super().__init__()
        self.mu, self.C, self.diffusion = mu, C, diffusion
        self.values, self.vectors = torch.linalg.eigh(C)
        self.space = Space(("y", "x"), tuple(mu.shape[1:]))

    def forward(self, x_t, t, conditions=None, rng=None):
        alpha = float(self.diffusion.alpha(t))
        q = (float(self.diffusion.sigma(t)) / alpha) ** 2
        U, gain = self.vectors.to(x_t.dtype), (self.values / (self.values + q)).to(x_t.dtype)
        return self.mu.to(x_t) + (((x_t / alpha - self.mu.to(x_t)).flatten(1) @ U.conj() * gain) @ U.mT).view_as(x_t)


@dataclass
class Case:
    prior: GaussianImages
    problem: Problem
    mean: Tensor  # (pixel,)
    covariance: Tensor  # (pixel, pixel)

    def deviation(self, sampler: Sampler, samples: int) -> tuple[float, float]:
        """Error of the sample mean relative to the posterior mean, and total variance relative to the posterior's."""
        with torch.no_grad():
            x = sampler(self.problem, Streams.of(0, "closed form", samples)).flatten(1)
        mean = (torch.linalg.vector_norm(x.mean(0) - self.mean) / torch.linalg.vector_norm(self.mean)).item()
        return mean, ((x - x.mean(0)).abs().square().mean(0).sum() / self.covariance.diagonal().real.sum()).item()


def measured(coils: int, shape: tuple[int, int], std: float | None, x: Tensor, dtype: torch.dtype = torch.complex128) -> Problem:
    """Three of five columns of k-space of x, by one coil or several, with noise."""
    ny, nx = shape
    mask = torch.zeros(1, ny, nx, dtype=torch.float64)
    mask[..., 0::5], mask[..., 2::5], mask[..., 3::5] = 1, 1, 1
    A: LinearOperator = FourierOperator(mask.to(dtype.to_real()))
    if coils > 1:
        y, x_ = torch.meshgrid(torch.linspace(-1, 1, ny, dtype=torch.float64), torch.linspace(-1, 1, nx, dtype=torch.float64), indexing="ij")
        angle = torch.arange(coils)[:, None, None] * (2 * torch.pi / coils)
        maps = torch.polar(torch.exp(-((y - angle.sin()) ** 2 + (x_ - angle.cos()) ** 2) / 1.2), angle + 0.7 * y)
        A = SenseOperator((maps / torch.linalg.vector_norm(maps, dim=0))[None].to(dtype), mask.to(dtype.to_real()))
    y = A(x.to(dtype))
    noise = Streams.of(1, "noise").normal_like(y) * (std or 0.0)
    return Problem(A, y + noise * (y != 0), Gaussian(std), A.domain)


def closed_form(kind: str = "white", coils: int = 1, std: float = 0.1, diffusion: Diffusion | None = None, shape: tuple[int, int] = (6, 5)) -> Case:
    """White images of unit variance, or smooth ones, about a random mean of unit variance."""
    rng, n = Streams.of(2, "closed form"), shape[0] * shape[1]
    C = torch.eye(n, dtype=torch.complex128)
    if kind == "smooth":
        place = torch.cartesian_prod(torch.arange(shape[0]), torch.arange(shape[1])).double()
        C = (torch.exp(-torch.cdist(place, place) ** 2 / 3) + 0.02 * torch.eye(n)).to(C)
    mu = rng.normal(shape, torch.complex128)
    x = mu + (torch.linalg.cholesky(C) @ rng.normal((n,), torch.complex128)[0]).view(mu.shape)
    problem = measured(coils, shape, std, x)
    M = problem.operator(torch.eye(n, dtype=C.dtype).view(n, *shape)).flatten(1).mT
    G = C @ M.mH @ torch.linalg.inv(M @ C @ M.mH + std**2 * torch.eye(len(M)))
    mean = mu.flatten() + G @ (problem.y.flatten() - M @ mu.flatten())
    return Case(GaussianImages(mu, C, diffusion or VP()), problem, mean, C - G @ M @ C)


@pytest.fixture(scope="session")
def case() -> Callable[..., Case]:
    return closed_form


@pytest.fixture(scope="session")
def measure() -> Callable[..., Problem]:
    return measured
