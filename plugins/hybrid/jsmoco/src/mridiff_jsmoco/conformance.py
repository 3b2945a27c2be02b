"""Cases for the sampler: a tiny object that moves between four shots, seen by coils whose maps are not known well."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch

from mridiff.interfaces import Field, Gaussian, Measured, Problem, Streams
from mridiff.spec import SamplerSpec, Spec
from mridiff_operators.motion import RigidMotionSense
from mridiff_operators.motion_and_maps import MotionAndMapsSense
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.diffusions import VE
from mridiff_sdk.motion import draw, shots_of
from mridiff_sdk.oracles import Covariance, GaussianPrior
from mridiff_sdk.testing import Case, SamplerCase

from .sampler import JSMoCo


def cases(spec: Spec) -> Iterable[Case]:
    """The sampler with few steps on a problem of its kind; none for the recipe, which gets the automatic one."""
    if isinstance(spec, SamplerSpec):
        problem, prior = moving_problem()
        yield SamplerCase(id="moved", offers=spec.offers, build=partial(_build, prior), problem=problem, shortest={"steps": 2})


def _build(prior: GaussianPrior, **options: Any) -> JSMoCo:
    return JSMoCo(prior, **{"steps": 6, **options})


def moving_problem(n: int = 12, shots: int = 4) -> tuple[Problem, GaussianPrior]:
    """A few blobs seen by two coils in four poses, all of k-space, with a little noise; the maps to begin with are of other coils."""
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, n),) * 2, indexing="ij")
    truth = torch.exp(-((y - 0.1) ** 2 + (x + 0.3) ** 2) / 0.06) + 0.7 * torch.exp(-((y + 0.3) ** 2 + (x - 0.3) ** 2) / 0.06)
    true, told = (simulate_maps(2, (n, n), seed)[None] for seed in (0, 1))
    mask = torch.ones(1, n, n)
    taken = shots_of(mask, shots)
    motion = draw("uniform", shots, 3.0, 0.6, Streams.of(0, "motion")).float()
    seen = RigidMotionSense(true, taken).at({"motion": motion})(truth.to(torch.complex64)[None])
    measured = Gaussian(0.01).draw(seen, Streams.of(0, "noise"))
    held = {"mask": Field(mask, ("ky", "kx")), "sensitivity_maps": Field(told, ("coil", "y", "x"))}
    A = MotionAndMapsSense(told, taken, degree=2)
    spread = Covariance.diagonal(A.domain, torch.where(y**2 + x**2 < 0.7, 0.3, 1e-4))
    prior = GaussianPrior(torch.zeros(n, n, dtype=torch.complex64), spread, VE(0.01, 20.0))
    return Problem.of(A, Measured(measured, Gaussian(0.01), held)), prior
