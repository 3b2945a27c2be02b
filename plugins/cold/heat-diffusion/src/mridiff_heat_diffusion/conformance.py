"""Cases for the network and the chain: an object of a few ellipses, half of whose columns are measured."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

from mridiff.spec import PriorSpec, RecipeSpec, SamplerSpec, Spec
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.oracles import RestorerOracle
from mridiff_sdk.sampling_patterns import masks
from mridiff_sdk.testing import Case, PriorCase, SamplerCase, images, short_run, undersampled

from .ladder import ladder
from .prior import HeatRestorer
from .sampler import HeatDiffusion

SIZE = 32


def cases(spec: Spec) -> Iterable[Case]:
    """One for each."""
    if isinstance(spec, RecipeSpec):
        yield short_run(spec, "heat-diffusion", {"sampler": {"options": {"steps": 1}}})
    x0, mask = images(SIZE, SIZE, 2), masks("random", (SIZE, SIZE), 2, 0.2, 1).float()
    problem = undersampled(FourierOperator(mask), x0[:1], mask)
    if isinstance(spec, PriorSpec):
        yield PriorCase(id="ellipses", offers=spec.offers, build=cache(HeatRestorer), x0=x0, problem=problem)
    if isinstance(spec, SamplerSpec):
        oracle = RestorerOracle(x0[:1], problem.space, ladder(), error=0.5)
        yield SamplerCase(id="half-oracle", offers=spec.offers, build=partial(HeatDiffusion, oracle), problem=problem,
                          shortest={"steps": 1})  # fmt: skip
