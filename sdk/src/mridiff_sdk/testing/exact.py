"""Problems whose posterior is known exactly: one Gaussian, on a grid and along spokes, heavy tails, and modes of which the data speak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec

import torch
from torch import Tensor

from mridiff.interfaces import Gaussian, LinearOperator, Measured, Problem, Space, Streams

from ..coils.simulate import simulate_maps
from ..diffusions.gaussian import VE
from ..operators import Coils, NonUniformFourier
from ..oracles import Covariance, GaussianMixturePrior, GaussianPrior
from ..sampling_patterns import radial
from .automatic.samplers import MULTI_COIL, SINGLE_COIL, gaussian_problem, smooth_prior
from .reference import Masked


@dataclass(frozen=True)
class Exact:
    """A problem and the prior under which its posterior is known; `modes` says that the weights of the components are what is asked."""

    name: str
    problem: Problem
    prior: GaussianPrior | GaussianMixturePrior
    modes: bool = False

    def moments(self) -> tuple[Tensor, Tensor]:
        """The posterior's mean (1, *space) and covariance (n, n), in double precision."""
        if isinstance(self.prior, GaussianPrior):
            return self.prior.posterior(self.problem)
        weights, means, C = self.prior.posterior(self.problem)
        flat, w = means.flatten(1), weights.to(means.dtype)
        mean = w @ flat
        spread = torch.einsum("k,ki,kj->ij", w, flat - mean, (flat - mean).conj())
        return mean.reshape(1, *means.shape[1:]), torch.einsum("k,kij->ij", w, C) + spread

    def repeated(self, truths: int, draws: int) -> tuple[Problem, Tensor]:
        """Measurements of `truths` draws of the prior, each `draws` times in a row: a problem with a sample for each; and the truths."""
        noise, x = self.problem.noise, self.prior.draw(Streams.of(5, "truth", truths))
        y = noise.draw(self.problem.linear(x), Streams.of(5, "noise", truths))
        return replace(self.problem, y=y.repeat_interleave(draws, 0)), x


def problems() -> Iterator[Exact]:
    """All of them; those along spokes where finufft is installed."""
    yield Exact("single-coil", *gaussian_problem(SINGLE_COIL))
    for std in (0.01, 0.1, 1.0):
        yield Exact(f"multi-coil, noise {std:g}", *gaussian_problem(MULTI_COIL, std))
    if find_spec("finufft"):
        yield Exact("radial, single-coil", *radial_problem(1))
        yield Exact("radial, multi-coil", *radial_problem(3))
    yield Exact("heavy tails", *tails_problem())
    yield Exact("two modes, weak data", *mixture_problem(1.0), modes=True)
    yield Exact("two modes, strong data", *mixture_problem(2.0), modes=True)


def radial_problem(coils: int) -> tuple[Problem, GaussianPrior]:
    """A draw of a smooth Gaussian prior of 6 x 7 pixels, measured along three spokes of ten samples, by one coil or more, noise 0.1."""
    size, places = (6, 7), radial(3, 10, 6.0)[0]
    plane = Space(("y", "x"), size)
    if coils == 1:
        A: LinearOperator = NonUniformFourier(plane, places[None])
    else:
        S = Coils(simulate_maps(coils, size, 0, torch.complex64)[None])
        A = NonUniformFourier(S.codomain, places[None]) @ S
    prior = smooth_prior(A)
    y = Gaussian(0.1).draw(A(prior.draw(Streams.of(7, "x"))), Streams.of(7, "noise"))
    return Problem.of(A, Measured(y, Gaussian(0.1))), prior


def tails_problem() -> tuple[Problem, GaussianMixturePrior]:
    """Smooth images that are three times as large once in five: 3 x 4 pixels, half sampled, noise 0.5."""
    A = Masked((torch.arange(4) % 2).float().expand(1, 3, 4).clone())
    ky, kx = (torch.fft.fftshift(torch.fft.fftfreq(n)) for n in A.domain.shape)
    power = 1 / (0.02 + ky[:, None] ** 2 + kx**2)
    C = [Covariance.stationary(A.domain, v * power / power.mean()) for v in (0.5, 4.5)]
    prior = GaussianMixturePrior(torch.tensor([0.8, 0.2]), torch.zeros(2, 3, 4, dtype=torch.complex64), C, VE(0.01, 50.0))
    y = Gaussian(0.5).draw(A(prior.draw(Streams.of(26, "x"))), Streams.of(26, "noise"))
    return Problem.of(A, Measured(y, Gaussian(0.5))), prior


def mixture_problem(c: float = 1.0) -> tuple[Problem, GaussianMixturePrior]:
    """Two modes +-m of weights 0.3 and 0.7, well apart; y = A(c m), so that the data speak for the rarer: 3 x 4 pixels, half sampled.

    The exact weights of the rarer mode are 0.55 and 0.77 for c = 1 and 2. At c = 0 they are the prior's, and a sampler that reads no
    data is right.
    """
    A = Masked((torch.arange(4) % 2).float().expand(1, 3, 4).clone())
    mode = torch.polar(torch.ones(3, 4), 0.3 * torch.arange(4.0)).to(torch.complex64)
    prior = GaussianMixturePrior(
        torch.tensor([0.3, 0.7]), torch.stack([mode, -mode]), [Covariance.diagonal(A.domain, 0.05)] * 2, VE(0.01, 50.0)
    )
    return Problem.of(A, Measured(A(c * mode[None]), Gaussian(2.0), {})), prior
