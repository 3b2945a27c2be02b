"""Cases for the restorer and the cold sampler: an object of a few ellipses, half of whose columns are measured."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial

import torch

from mridiff.interfaces import Field, Gaussian, Measured, Problem, Space
from mridiff.spec import PriorSpec, SamplerSpec, Spec
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.diffusions import FourierDiffusion, NestedMasks
from mridiff_sdk.oracles import RestorerOracle
from mridiff_sdk.sampling_patterns import mask as draw_mask
from mridiff_sdk.testing.automatic.priors import smooth
from mridiff_sdk.testing.cases import Case, PriorCase, SamplerCase

from .prior import KspaceRestorer
from .sampler import ColdKspace

SIZE = 32


def cases(spec: Spec) -> Iterable[Case]:
    """One for each of the two; the recipe gets its automatic one."""
    space = Space(("y", "x"), (SIZE, SIZE))
    x0 = smooth(space, 2)
    if isinstance(spec, PriorSpec):
        yield PriorCase(id="ellipses", offers=spec.offers, build=cache(KspaceRestorer), x0=x0, problem=problem(x0[:1]))
    if isinstance(spec, SamplerSpec):
        oracle = RestorerOracle(x0[:1], space, FourierDiffusion(NestedMasks()), error=0.5)
        yield SamplerCase(id="half-oracle", offers=spec.offers, build=partial(ColdKspace, oracle), problem=problem(x0[:1]),
                          shortest={"steps": 1})  # fmt: skip


def problem(x0: torch.Tensor) -> Problem:
    """Half of the columns of an image (1, y, x), without noise."""
    mask = draw_mask("random", x0.shape[-2:], 2, 0.1, 0)[None].float()
    A = FourierOperator(mask)
    return Problem.of(A, Measured(A(x0), Gaussian(1e-4), {"mask": Field(mask, ("ky", "kx"))}))
