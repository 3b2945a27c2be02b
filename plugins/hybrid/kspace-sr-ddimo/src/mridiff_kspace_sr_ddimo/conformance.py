"""Cases for the data set, the network and the chain: an object of a few ellipses, of which the middle of k-space is measured."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

from mridiff.interfaces import Gaussian, Measured, Problem
from mridiff.spec import DatasetSpec, PriorSpec, RecipeSpec, SamplerSpec, Spec
from mridiff_operators.truncation import TruncationOperator
from mridiff_sdk.oracles import RestorerOracle
from mridiff_sdk.testing import Case, DatasetCase, PriorCase, SamplerCase, images, short_run

from .dataset import LowResolution
from .ladder import ladder
from .prior import ResolutionPrior
from .sampler import PRDDiff

SIZE = 32


def cases(spec: Spec) -> Iterable[Case]:
    """One for each."""
    if isinstance(spec, RecipeSpec):
        yield short_run(spec, "kspace-sr-ddimo", {"dataset": {"options": {"size": SIZE}}, "samples": 2})
    if isinstance(spec, DatasetSpec):
        yield DatasetCase(id="embedded", offers=spec.offers, build=partial(LowResolution, size=SIZE),
                          missing=partial(LowResolution, source="t2"))  # fmt: skip
    x0 = images(SIZE, SIZE, 2)
    A = TruncationOperator((SIZE, SIZE), (SIZE // 2, SIZE // 2))
    problem = Problem.of(A, Measured(A(x0[:1]), Gaussian()))
    if isinstance(spec, PriorSpec):
        yield PriorCase(id="ellipses", offers=spec.offers, build=cache(ResolutionPrior), x0=x0, problem=problem)
    if isinstance(spec, SamplerSpec):
        oracle = RestorerOracle(x0[:1], problem.space, ladder(), error=0.5)
        yield SamplerCase(id="half-oracle", offers=spec.offers, build=partial(PRDDiff, oracle), problem=problem,
                          shortest={"target": 0.5})  # fmt: skip
