"""Cases for what a declaration alone does not say: an operator whose unknown has a coil axis."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import cycle

from mridiff.spec import OperatorSpec, Spec
from mridiff_sdk.testing.cases import DOUBLE, SINGLE, Case, OperatorCase
from mridiff_sdk.testing.scans import cartesian, shapes

from .coil_fourier import CoilFourierOperator


def cases(spec: Spec) -> Iterable[Case]:
    """Small scans of several coils for the operator on coil images; none for the others, which get the automatic ones."""
    if not isinstance(spec, OperatorSpec) or spec.name != "coil-fourier":
        return
    for shape, precision in zip(shapes(("y", "x"), 3), cycle((SINGLE, DOUBLE)), strict=False):
        name = f"{shape.id}-{'single' if precision == SINGLE else 'double'}"
        yield OperatorCase(id=name, offers=spec.offers, measured=partial(cartesian, shape, with_maps=True), samples=shape.samples,
                           build=CoilFourierOperator.for_scan, precision=precision)  # fmt: skip
