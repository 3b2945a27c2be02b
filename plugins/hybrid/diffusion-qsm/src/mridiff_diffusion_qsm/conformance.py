"""Cases for what a declaration does not say: cubes of a drawn brain, a small field with a prior in closed form, a short run."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from mridiff.interfaces import Gaussian, Measured, Prior, Problem, Streams
from mridiff.spec import Spec
from mridiff_operators.dipole import DipoleOperator
from mridiff_sdk.diffusions import VP
from mridiff_sdk.oracles import Covariance, GaussianPrior
from mridiff_sdk.testing import Case, PriorCase, SamplerCase, short_run

from .prior import TRAINED, UNIT, QsmPatches
from .sampler import DiffusionQSM
from .source import volume

SHAPE = (6, 8, 7)
SMALL = {"samples": 1, "sampler": {"options": {"steps": 4, "late": 2, "repeats": 1}}, "dataset": {"options": {"size": 32}}}


def cases(spec: Spec) -> Iterable[Case]:
    """A subject that no weights were trained on, a random field, four steps of the recipe."""
    if spec.kind == "prior":
        x0 = torch.stack([volume(950, 32)[3:28, 2:30, 4:29], volume(951, 32)[3:28, 2:30, 4:29]])
        yield PriorCase(id="two-brains", offers=spec.offers, build=cache(QsmPatches), x0=x0 * (TRAINED / UNIT))
    elif spec.kind == "sampler":
        problem, prior = small_problem()
        yield SamplerCase(id="small-field", offers=spec.offers, build=partial(DiffusionQSM, prior, clip=10.0), problem=problem,
                          shortest={"steps": 2})  # fmt: skip
    elif spec.kind == "recipe":
        yield short_run(spec, "diffusion-qsm", SMALL)


def options(spec: Spec, folder: Path) -> dict[str, Any]:  # noqa: ARG001 - it writes no file
    """Cubes that fit into a volume of some 16 voxels a side."""
    return {"patch": 8, "stride": 6} if spec.kind == "prior" else {}


def small_problem() -> tuple[Problem, Prior]:
    """The field of white matter of variance 0.1 in a mask, and its prior."""
    mask = (Streams.of(2, "mask").uniform(SHAPE) < 0.8).float()
    A = DipoleOperator(mask, torch.tensor([[1.0, 0.3, 0.0]]))
    prior = GaussianPrior(torch.zeros(SHAPE), Covariance.diagonal(A.domain, 0.1), VP(levels=1000))
    y = Gaussian(0.01).draw(A(prior.draw(Streams.of(0, "x"))), Streams.of(1, "n"))
    return Problem.of(A, Measured(mask * y, Gaussian(0.01))), prior
