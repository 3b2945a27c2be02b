"""Operators, on tiny Cartesian scans of many shapes."""

from __future__ import annotations

from functools import partial
from itertools import cycle

import torch

from mridiff.interfaces import Measured
from mridiff.plugins.entry import Entry
from mridiff.spec import OperatorSpec, Trait

from ..cases import DOUBLE, SINGLE, Case, OperatorCase
from ..scans import Shape, cartesian, shapes


def operator_cases(entry: Entry, examples: int) -> list[Case]:
    """Scans for an operator of image axes that needs a mask, with or without coil maps; none for any other."""
    spec = entry.spec
    assert isinstance(spec, OperatorSpec)
    demand = spec.needs.get("dataset")
    needed = demand.all if demand is not None and not demand.any else frozenset()
    if not set(spec.axes) <= {"t", "z", "y", "x"} or not {Trait.MASK} <= needed <= {Trait.MASK, Trait.MAPS}:
        return []
    made: list[Case] = []
    for shape, precision in zip(shapes(spec.axes, examples), cycle((SINGLE, DOUBLE)), strict=False):
        name = f"{shape.id}-{'single' if precision == SINGLE else 'double'}"
        measured = partial(_measured, shape, Trait.MAPS in needed)
        made.append(OperatorCase(id=name, offers=spec.offers, measured=measured, build=entry.load().for_scan, samples=shape.samples,
                                 precision=precision))  # fmt: skip
    return made


def _measured(shape: Shape, with_maps: bool, precision: torch.dtype) -> Measured:
    return cartesian(shape, precision, with_maps)
