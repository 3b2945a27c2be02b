"""Cases for the samplers: a tiny object that moves between four shots, and a Gaussian prior that knows where it is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch

from mridiff.interfaces import Field, Gaussian, Measured, Problem, Sampler, Streams
from mridiff.spec import SamplerSpec, Spec
from mridiff_operators.motion import RigidMotionSense
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.diffusions import VE
from mridiff_sdk.motion import draw, shots_of
from mridiff_sdk.oracles import Covariance, GaussianPrior
from mridiff_sdk.testing import Case, SamplerCase, short_run

from .ddim import MocoDDIM
from .sampler import MocoDPS

SAMPLERS: dict[str, type[Sampler]] = {"moco-dps": MocoDPS, "moco-ddim": MocoDDIM}
SHORT = {"sampler": {"options": {"steps": 6, "finish": 2}}, "dataset": {"options": {"coils": 2}}}


def cases(spec: Spec) -> Iterable[Case]:
    """The sampler with few steps on a problem of its kind; the recipe with fewer than the automatic case leaves it."""
    if isinstance(spec, SamplerSpec):
        problem, prior = moving_problem()
        build = partial(_build, SAMPLERS[spec.name], prior)
        yield SamplerCase(id="moved", offers=spec.offers, build=build, problem=problem, shortest={"steps": 2})
    else:
        yield short_run(spec, "moco-dps", SHORT)


def _build(sampler: type[Sampler], prior: GaussianPrior, **options: Any) -> Sampler:
    return sampler(prior, **{"steps": 6, **options})


def moving_problem(n: int = 12, shots: int = 4) -> tuple[Problem, GaussianPrior]:
    """A few blobs seen by two coils in four poses, all of k-space, with a little noise."""
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, n),) * 2, indexing="ij")
    truth = torch.exp(-((y - 0.1) ** 2 + (x + 0.3) ** 2) / 0.06) + 0.7 * torch.exp(-((y + 0.3) ** 2 + (x - 0.3) ** 2) / 0.06)
    maps, mask = simulate_maps(2, (n, n), 0)[None], torch.ones(1, n, n)
    A = RigidMotionSense(maps, shots_of(mask, shots))
    motion = draw("uniform", shots, 3.0, 0.6, Streams.of(0, "motion")).float()
    measured = Gaussian(0.01).draw(A.at({"motion": motion})(truth.to(torch.complex64)[None]), Streams.of(0, "noise"))
    held = {"mask": Field(mask, ("ky", "kx")), "sensitivity_maps": Field(maps, ("coil", "y", "x"))}
    spread = Covariance.diagonal(A.domain, torch.where(y**2 + x**2 < 0.7, 0.3, 1e-4))
    prior = GaussianPrior(torch.zeros(n, n, dtype=torch.complex64), spread, VE(0.01, 20.0))
    return Problem.of(A, Measured(measured, Gaussian(0.01), held)), prior
