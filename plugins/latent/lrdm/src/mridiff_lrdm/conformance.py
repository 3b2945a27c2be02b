"""Cases: codes of two smooth objects for the priors, the sampler with the shipped priors on a small scan, the recipe with two coils."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

import torch

from mridiff.interfaces import Problem
from mridiff.spec import PriorSpec, SamplerSpec, Spec
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.sampling_patterns import masks
from mridiff_sdk.testing import Case, PriorCase, SamplerCase, images, short_run, undersampled

from .prior import HighFrequencyPrior, LatentPrior
from .sampler import LRDM

SIZE = (40, 32)
SHORT = {"sampler": {"options": {"steps": 2}}, "dataset": {"options": {"coils": 2}}}
PRIORS = {"latent-kspace": cache(LatentPrior), "hf-kspace": cache(HighFrequencyPrior)}


def cases(spec: Spec) -> Iterable[Case]:
    """One for each component."""
    if isinstance(spec, PriorSpec):
        x, problem = small_problem(2)
        prior = PRIORS[spec.name]()
        codes = prior.codec.encode(x, prior.conditions(problem))
        yield PriorCase(id="40x32", offers=spec.offers, build=PRIORS[spec.name], x0=codes, problem=problem)
    elif isinstance(spec, SamplerSpec):
        build = partial(LRDM, *(make() for make in PRIORS.values()))
        yield SamplerCase(id="40x32", offers=spec.offers, build=build, problem=small_problem(1)[1], shortest={"steps": 1})
    else:
        yield short_run(spec, "lrdm", SHORT)


def small_problem(samples: int) -> tuple[torch.Tensor, Problem]:
    """Smooth objects (sample, y, x), and their noise-free measurement at R = 4, each with a mask of its own."""
    x, mask = images(*SIZE, samples), masks("poisson", SIZE, 4, 0.12, samples).float()
    return x, undersampled(FourierOperator(mask), x, mask)
