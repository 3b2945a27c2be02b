"""Cases for the restorer and the cold sampler: an object of a few ellipses, half of whose columns are measured."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

from mridiff.spec import PriorSpec, SamplerSpec, Spec
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks
from mridiff_sdk.oracles import RestorerOracle
from mridiff_sdk.sampling_patterns import masks
from mridiff_sdk.testing import Case, PriorCase, SamplerCase, images, undersampled

from .prior import KspaceRestorer
from .sampler import KspaceColdDiffusion

SIZE = 64


def cases(spec: Spec) -> Iterable[Case]:
    """One for each of the two; the recipe gets its automatic one."""
    x0, mask = images(SIZE, SIZE, 2), masks("random", (SIZE, SIZE), 4, 0.08, 1).float()
    problem = undersampled(FourierOperator(mask), x0[:1], mask)
    if isinstance(spec, PriorSpec):
        yield PriorCase(id="ellipses", offers=spec.offers, build=cache(KspaceRestorer), x0=x0, problem=problem)
    if isinstance(spec, SamplerSpec):
        oracle = RestorerOracle(x0[:1], problem.space, FourierDiffusion(NestedMasks()), error=0.5)
        yield SamplerCase(id="half-oracle", offers=spec.offers, build=partial(KspaceColdDiffusion, oracle), problem=problem,
                          shortest={"steps": 1})  # fmt: skip
