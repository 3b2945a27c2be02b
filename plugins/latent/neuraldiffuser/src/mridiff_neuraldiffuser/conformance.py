"""Cases for the prior and the sampler: two scenes of the simulated subject, with the shipped networks and decoders."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

import torch

from mridiff.interfaces import Problem
from mridiff.spec import PriorSpec, SamplerSpec, Spec
from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_sdk.testing import Case, PriorCase, SamplerCase

from .prior import FeatureGuided
from .sampler import NeuralDiffuser

shipped = cache(FeatureGuided)


def cases(spec: Spec) -> Iterable[Case]:
    """One for each of the two; the recipe gets its automatic one."""
    if isinstance(spec, PriorSpec):
        prior = shipped()
        with torch.no_grad():
            x0 = prior.codec.encode(torch.cat([s.truth["x"].data for s in SimFMRI(stimuli=2)]))
        yield PriorCase(id="two-scenes", offers=spec.offers, build=shipped, x0=x0, problem=problem())
    if isinstance(spec, SamplerSpec):
        yield SamplerCase(id="one-scene", offers=spec.offers, build=partial(NeuralDiffuser, shipped(), steps=6),
                          problem=problem(), shortest={"steps": 1})  # fmt: skip


def problem() -> Problem:
    """What a subject answered to one scene."""
    prior = shipped()
    return Problem.of(None, SimFMRI()[0].measured, space=prior.codec.domain(prior.space))
