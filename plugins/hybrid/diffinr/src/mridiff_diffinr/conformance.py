"""Cases for the sampler: shorter fits than its defaults, since every draw of every check fits networks of its own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch

from mridiff.spec import SamplerSpec, Spec
from mridiff_sdk.oracles import GaussianPrior
from mridiff_sdk.testing import MULTI_COIL, SINGLE_COIL, Case, SamplerCase, gaussian_problem

from .sampler import DiffINR

SHORT = {"prior_iterations": 12, "data_iterations": 8}


def cases(spec: Spec) -> Iterable[Case]:
    """The sampler on the problems of the automatic cases; none for the recipe, which gets the automatic one."""
    if isinstance(spec, SamplerSpec):
        for name, shape in (("single-coil", SINGLE_COIL), ("multi-coil", MULTI_COIL)):
            problem, prior = gaussian_problem(shape)
            mean, C = prior.posterior(problem)
            exact = (mean.to(torch.complex64), C)
            build = partial(_build, prior)
            yield SamplerCase(id=name, offers=spec.offers, build=build, problem=problem, exact=exact, shortest={"steps": 2}, draws=60)


def _build(prior: GaussianPrior, **options: Any) -> DiffINR:
    return DiffINR(prior, **{**SHORT, **options})
