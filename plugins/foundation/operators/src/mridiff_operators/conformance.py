"""Cases for what a declaration alone does not say: an operator whose unknown has a coil axis, and one that makes fields of volumes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import cycle

import torch

from mridiff.interfaces import Field, Gaussian, Geometry, Measured, Streams
from mridiff.spec import OperatorSpec, Spec
from mridiff_sdk.testing import DOUBLE, SINGLE, Case, OperatorCase, cartesian, shapes

from .coil_fourier import CoilFourierOperator
from .dipole import AXES, DipoleOperator


def cases(spec: Spec) -> Iterable[Case]:
    """Small scans for the operators on coil images and of fields; none for the others, which get the automatic ones."""
    if isinstance(spec, OperatorSpec) and spec.name == "dipole":
        yield from _fields(spec)
    if not isinstance(spec, OperatorSpec) or spec.name != "coil-fourier":
        return
    for shape, precision in zip(shapes(("y", "x"), 3), cycle((SINGLE, DOUBLE)), strict=False):
        name = f"{shape.id}-{'single' if precision == SINGLE else 'double'}"
        yield OperatorCase(id=name, offers=spec.offers, measured=partial(cartesian, shape, with_maps=True), samples=shape.samples,
                           build=CoilFourierOperator.for_scan, precision=precision)  # fmt: skip


def _fields(spec: OperatorSpec) -> Iterable[Case]:
    """Even and odd sizes, one direction of the field for each of several samples, with empty space about the volume and without."""
    small = (((4, 6, 8), 1, 0, SINGLE), ((5, 4, 7), 3, 3, DOUBLE), ((6, 5, 4), 2, 0, DOUBLE))
    for sizes, samples, pad, precision in small:
        name = f"{'x'.join(map(str, sizes))}-{samples}samples-pad{pad}"
        yield OperatorCase(id=name, offers=spec.offers, measured=partial(_field, sizes, samples), samples=samples,
                           build=partial(DipoleOperator.for_scan, pad=pad), precision=precision)  # fmt: skip


def _field(sizes: tuple[int, ...], samples: int, precision: torch.dtype) -> Measured:
    rng = Streams.of(0, "field", samples)
    mask = (rng.uniform(sizes) < 0.7).to(precision)
    acquisition = {"brain_mask": Field(mask, AXES), "b0_direction": Field(rng.normal((3,), precision), ("channel",))}
    return Measured(mask * rng.normal(sizes, precision), Gaussian(0.1), acquisition, geometry=Geometry((2.0, 1.0, 1.5)))
