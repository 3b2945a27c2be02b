"""A case for the conformance suite: the generator needs a measurement, whose zero-filled image it reads."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff.spec import PriorSpec, Spec
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.sampling_patterns import masks
from mridiff_sdk.testing import Case, PriorCase, images, undersampled

from .prior import DiffGANGenerator


def cases(spec: Spec) -> Iterable[Case]:
    """Two smooth objects with masks of their own for the generator; none for the recipe, which gets its automatic one."""
    if not isinstance(spec, PriorSpec):
        return
    x0, mask = images(40, 32, 2), masks("random", (40, 32), 4, 0.12, 2).float()
    problem = undersampled(FourierOperator(mask), x0, mask, std=0.01)
    yield PriorCase(id="40x32", offers=spec.offers, build=DiffGANGenerator, x0=x0, problem=problem)
