"""A case for the conformance suite: the generator needs a measurement, whose zero-filled image it reads."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from mridiff.interfaces import Gaussian, Measured, Problem, Space
from mridiff.spec import PriorSpec, Spec
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.sampling_patterns.cartesian import mask as draw_mask
from mridiff_sdk.testing.automatic.priors import smooth
from mridiff_sdk.testing.cases import Case, PriorCase

from .prior import DiffGANGenerator


def cases(spec: Spec) -> Iterable[Case]:
    """Two smooth objects with masks of their own for the generator; none for the recipe, which gets its automatic one."""
    if not isinstance(spec, PriorSpec):
        return
    x0 = smooth(Space(("y", "x"), (40, 32)), 2)
    A = FourierOperator(torch.stack([draw_mask("random", (40, 32), 4, 0.12, seed) for seed in range(2)]).float())
    problem = Problem.of(A, Measured(A(x0), Gaussian(0.01)))
    yield PriorCase(id="40x32", offers=spec.offers, build=DiffGANGenerator, x0=x0, problem=problem)
