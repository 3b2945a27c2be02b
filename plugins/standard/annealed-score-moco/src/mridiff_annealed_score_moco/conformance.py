"""Cases for the sampler: a tiny object whose outer lines breathing has displaced, and a Gaussian prior that knows where it is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch

from mridiff.interfaces import Gaussian, Measured, Problem, Streams
from mridiff.spec import SamplerSpec, Spec
from mridiff_datasets.breathing import Breathing
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.diffusions import VE
from mridiff_sdk.oracles import Covariance, GaussianPrior
from mridiff_sdk.testing import Case, SamplerCase

from .sampler import AnnealedScoreMoco


def cases(spec: Spec) -> Iterable[Case]:
    """The sampler with few steps on a problem of its kind; none for the recipe, which gets the automatic one."""
    if isinstance(spec, SamplerSpec):
        problem, prior = breathing_problem()
        yield SamplerCase(id="moved", offers=spec.offers, build=partial(_build, prior), problem=problem, shortest={"steps": 1, "cycles": 1})


def _build(prior: GaussianPrior, **options: Any) -> AnnealedScoreMoco:
    return AnnealedScoreMoco(prior, **{"steps": 2, "cycles": 2, **options})


def breathing_problem(ny: int = 15, nx: int = 24) -> tuple[Problem, GaussianPrior]:
    """A grainy blob seen by two coils, all of k-space, with a little noise."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, ny), torch.linspace(-1, 1, nx), indexing="ij")
    variance = torch.exp(-((y - 0.1) ** 2 + (x + 0.2) ** 2) / 0.1) + 1e-4
    A = SenseOperator(simulate_maps(2, (ny, nx), 0)[None], torch.ones(1, ny, nx))
    image = variance.sqrt() * Streams.of(0, "grain").normal((ny, nx))
    moved = Breathing(3.0, 0.05).displaced(A(image), Streams.of(0, "motion"))
    prior = GaussianPrior(torch.zeros(ny, nx, dtype=torch.complex64), Covariance.diagonal(A.domain, variance), VE(0.01, 20.0))
    return Problem.of(A, Measured(Gaussian(0.01).draw(moved, Streams.of(0, "noise")), Gaussian(0.01))), prior
