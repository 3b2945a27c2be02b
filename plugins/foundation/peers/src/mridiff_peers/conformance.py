"""Cases for what a declaration alone does not say: places anywhere in k-space."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import torch

from mridiff.interfaces import Field, Gaussian, Measured, Streams
from mridiff.spec import OperatorSpec, Spec
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.testing import DOUBLE, SINGLE, Case, OperatorCase, Shape, shapes

from .sigpy_sense import SigpyNonCartesian

ANYWHERE = {"sigpy-noncartesian": SigpyNonCartesian}
"""Operators along trajectories, by name."""


def cases(spec: Spec) -> Iterable[Case]:
    """Small scans for operators along trajectories; none for the others, which get the automatic ones."""
    if isinstance(spec, OperatorSpec) and spec.name in ANYWHERE:
        for shape, precision in zip(shapes(spec.axes, 0), (SINGLE, DOUBLE, DOUBLE), strict=True):
            yield OperatorCase(id=f"{shape.id}-{'single' if precision == SINGLE else 'double'}", offers=spec.offers, samples=shape.samples,
                               measured=partial(scattered, shape), build=ANYWHERE[spec.name].for_scan, precision=precision)  # fmt: skip


def scattered(shape: Shape, precision: torch.dtype) -> Measured:
    """A scan at random places, another set for each sample, with maps that all share."""
    rng = Streams.of(shape.seed, "places", shape.samples)
    k = (rng.uniform((3, 5, 2), precision) - 0.5) * torch.tensor(shape.sizes, dtype=precision)
    maps = simulate_maps(shape.coils, shape.sizes, shape.seed, precision.to_complex())[None]
    acquisition = {"trajectory": Field(k, ("shot", "readout", "channel")), "sensitivity_maps": Field(maps, ("coil", "y", "x"))}
    return Measured(rng.normal((shape.coils, 3, 5), precision.to_complex()), Gaussian(0.1), acquisition)
