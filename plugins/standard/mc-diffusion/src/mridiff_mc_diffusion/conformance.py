"""Cases for what the declarations do not say: small pairs of scans, subjects that no weights were trained on, blocks of both kinds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache, partial
from typing import Any

import torch

from mridiff.interfaces import Blocks, Field, Gaussian, Measured, Noise, Poisson, Problem, Sampler, Space, Streams
from mridiff.spec import Spec
from mridiff_sdk.diffusions import VE
from mridiff_sdk.oracles import Covariance, GaussianPrior
from mridiff_sdk.testing import DOUBLE, SINGLE, Case, OperatorCase, PriorCase, SamplerCase

from .classical import Classical
from .operator import PetMrOperator
from .prior import IndependentPrior, JointPrior
from .sampler import MCDiffusion
from .train import pairs

UNSEEN = (100_100, 100_101)
SHORT = {"steps": 60, "snr": 0.3, "sigma_max": 3.0, "sigma_min": 0.05}


def cases(spec: Spec) -> Iterable[Case]:
    """Scans of odd sizes for the operator, heads for the priors, the closed form and counts for the samplers; none for the rest."""
    if spec.kind == "operator":
        for size, samples, precision in (((6, 7), 1, SINGLE), ((5, 8), 2, DOUBLE), ((7, 5), 3, SINGLE), ((16, 18), 1, SINGLE)):
            name = f"{size[0]}x{size[1]}-{samples}samples-{'single' if precision == SINGLE else 'double'}"
            yield OperatorCase(id=name, offers=spec.offers, measured=partial(small_scan, size, samples), samples=samples,
                               build=PetMrOperator.for_scan, precision=precision)  # fmt: skip
    elif spec.kind == "prior":
        build = JointPrior if spec.name == "pet-mr-joint" else IndependentPrior
        yield PriorCase(id="two-heads", offers=spec.offers, build=cache(build), x0=pairs(UNSEEN, 64))
    elif spec.name == "mc-diffusion":
        problem, prior = small_problem(Gaussian(0.3), precision=SINGLE)
        mean, C = prior.posterior(problem)
        exact = (mean.float(), C)
        for fidelity in ("proximal", "gradient"):
            yield SamplerCase(id=f"gaussian-{fidelity}", offers=spec.offers, build=partial(_joint, prior, fidelity=fidelity),
                              problem=problem, exact=exact, draws=50, shortest={"steps": 1})  # fmt: skip
        counts, prior = small_problem(Poisson(0.5), scale=20.0, precision=SINGLE)
        yield SamplerCase(id="counts", offers=spec.offers, build=partial(MCDiffusion, prior), problem=counts, shortest={"steps": 1})
    elif spec.kind == "sampler":
        counts, _ = small_problem(Poisson(0.5), scale=20.0, precision=SINGLE)
        yield SamplerCase(id="counts", offers=spec.offers, build=Classical, problem=counts, shortest={"iterations": 1})


def _joint(prior: GaussianPrior, **options: Any) -> Sampler:
    return MCDiffusion(prior, **{**SHORT, **options})


def small_scan(size: tuple[int, int], samples: int, precision: torch.dtype, angles: int = 5, scale: float = 0.5) -> Measured:
    """Random counts and k-space of the given size, with masks and scales of their own for every sample."""
    rng = Streams.of(0, "small scan", samples)
    bins = math.ceil(math.hypot(*size)) + 1
    mask = (rng.uniform((1, size[1])) < 0.6).to(precision).expand(samples, *size).clone()
    mask[..., size[1] // 2] = 1
    turns = (torch.arange(angles, dtype=precision) * (math.pi / angles))[None]
    factors = torch.tensor([[scale, 1.0]], dtype=precision) * (1 + 0.1 * torch.arange(samples, dtype=precision))[:, None]
    y = 5 * rng.uniform((angles, bins), precision), mask * rng.normal(size, precision.to_complex())
    fields = {"angles": Field(turns, ("angle",), "rad"), "mask": Field(mask, ("ky", "kx")), "scale": Field(factors, ("modality",))}
    return Measured(y, Blocks((Poisson(0.1), Gaussian(0.1))), fields)


def small_problem(pet: Noise, n: int = 6, scale: float = 0.5, coupling: float = 0.8, smooth: float = 2.0,
                  precision: torch.dtype = DOUBLE) -> tuple[Problem, GaussianPrior]:  # fmt: skip
    """A pair drawn from a Gaussian prior that couples the modalities pixel by pixel, measured with noise `pet`, MR with 0.1; the prior."""
    scan = small_scan((n, n), 1, precision, scale=scale)
    A = PetMrOperator.for_scan(scan)
    y, x = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
    apart = (y.flatten()[:, None] - y.flatten()) ** 2 + (x.flatten()[:, None] - x.flatten()) ** 2
    pixels = 0.09 * (torch.exp(-apart.double() / (2 * smooth**2)) if smooth else torch.eye(n * n, dtype=torch.float64))
    both = torch.tensor([[1.0, coupling], [coupling, 1.0]], dtype=torch.float64)
    C = torch.kron(both, pixels) + 1e-4 * torch.eye(2 * n * n, dtype=torch.float64)
    space = Space(("modality", "y", "x"), (2, n, n), complex=False)
    prior = GaussianPrior(torch.full((2, n, n), 1.0, dtype=precision), Covariance.dense(space, C), VE(0.005, 20.0))
    truth = prior.draw(Streams.of(3)).clamp_min(0.05)
    noise = Blocks((pet, Gaussian(0.1)))
    drawn = noise.draw(A(truth), Streams.of(4))
    return Problem.of(A, Measured((drawn[0], scan.require("mask")[0] * drawn[1]), noise)), prior
