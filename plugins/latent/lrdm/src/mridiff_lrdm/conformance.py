"""Cases: codes of two smooth objects for the priors, the sampler with the shipped priors on a small scan, the recipe with two coils."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

import torch

from mridiff.interfaces import Field, Gaussian, Measured, Problem, Space
from mridiff.pipeline.method import Method, load_dataset
from mridiff.pipeline.plan import plan
from mridiff.plugins.registry import Registry
from mridiff.spec import PriorSpec, SamplerSpec, Spec
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.sampling_patterns.cartesian import mask as draw_mask
from mridiff_sdk.testing.automatic.priors import smooth
from mridiff_sdk.testing.cases import Case, PriorCase, RecipeCase, SamplerCase

from .prior import HighFrequencyPrior, LatentPrior
from .sampler import LatentRefine

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
        build = partial(LatentRefine, *(make() for make in PRIORS.values()))
        yield SamplerCase(id="40x32", offers=spec.offers, build=build, problem=small_problem(1)[1], shortest={"steps": 1})
    else:
        chosen = plan("lrdm", Registry.discover(), SHORT)
        yield RecipeCase(id="short", offers=spec.offers, build=lambda: Method(chosen), read=lambda: load_dataset(chosen)[0])


def small_problem(samples: int) -> tuple[torch.Tensor, Problem]:
    """Smooth objects (sample, y, x), and their noise-free measurement at R = 4, each with a mask of its own."""
    x = smooth(Space(("y", "x"), SIZE), samples)
    mask = torch.stack([draw_mask("poisson", SIZE, 4, 0.12, seed) for seed in range(samples)]).float()
    A = FourierOperator(mask)
    return x, Problem.of(A, Measured(A(x), Gaussian(1e-4), {"mask": Field(mask, ("ky", "kx"))}))
