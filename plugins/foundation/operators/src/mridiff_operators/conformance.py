"""Cases for what a declaration alone does not say: an operator on coil images, one that makes fields of volumes, and trajectories."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from importlib.util import find_spec
from itertools import cycle

import torch

from mridiff.interfaces import Field, Gaussian, Geometry, Measured, Streams
from mridiff.spec import OperatorSpec, Spec
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.testing import DOUBLE, SINGLE, Case, OperatorCase, Shape, cartesian, shapes

from .coil_fourier import CoilFourierOperator
from .dipole import AXES, DipoleOperator
from .noncartesian_sense import KtNonCartesianSense, NonCartesianSense, NonCartesianSense3D

ANYWHERE: dict[str, type[NonCartesianSense | NonCartesianSense3D | KtNonCartesianSense]] = {
    "noncartesian-sense": NonCartesianSense, "noncartesian-sense-3d": NonCartesianSense3D,
    "kt-noncartesian-sense": KtNonCartesianSense}  # fmt: skip
"""Operators along trajectories, by name."""


def cases(spec: Spec) -> Iterable[Case]:
    """Small scans for the operators on coil images, of fields and of trajectories; none for the others, which get the automatic ones."""
    if isinstance(spec, OperatorSpec) and spec.name == "dipole":
        yield from _fields(spec)
    if isinstance(spec, OperatorSpec) and spec.name in ANYWHERE and find_spec("finufft"):
        yield from _anywhere(spec)
    if not isinstance(spec, OperatorSpec) or spec.name != "coil-fourier":
        return
    for shape, precision in zip(shapes(("y", "x"), 3), cycle((SINGLE, DOUBLE)), strict=False):
        name = f"{shape.id}-{'single' if precision == SINGLE else 'double'}"
        yield OperatorCase(id=name, offers=spec.offers, measured=partial(cartesian, shape, with_maps=True), samples=shape.samples,
                           build=CoilFourierOperator.for_scan, precision=precision)  # fmt: skip


def _anywhere(spec: OperatorSpec) -> Iterable[Case]:
    """Even and odd sizes, several samples with a trajectory each; of volumes all three channels, and stacks of plane trajectories."""
    build, own = ANYWHERE[spec.name].for_scan, {"noncartesian-sense-3d": (3, 2, 2)}.get(spec.name, (2, 2, 2))
    for shape, channels, precision in zip(shapes(spec.axes, 0), own, (SINGLE, DOUBLE, DOUBLE), strict=True):
        name = f"{shape.id}-{channels}channels-{'single' if precision == SINGLE else 'double'}"
        yield OperatorCase(id=name, offers=spec.offers, measured=partial(_trajectory, shape, channels), samples=shape.samples, build=build,
                           precision=precision)  # fmt: skip


def _trajectory(shape: Shape, channels: int, precision: torch.dtype) -> Measured:
    """A scan at random places, with maps that all frames share, and partitions left out where the trajectory lies in planes."""
    rng = Streams.of(shape.seed, "trajectory", shape.samples)
    frames = tuple(n for a, n in zip(shape.axes, shape.sizes, strict=True) if a == "t")
    axes, sizes = tuple(a for a in shape.axes if a != "t"), shape.sizes[len(frames) :]
    maps = simulate_maps(shape.coils, sizes, shape.seed, precision.to_complex())[None]
    reach = torch.tensor(shape.sizes[-channels:], dtype=precision)
    k = (rng.uniform((*frames, 3, 5, channels), precision) - 0.5) * reach
    places = (*("t",) * len(frames), "shot", "readout", "channel")
    acquisition = {
        "trajectory": Field(k, places),
        "density": Field(k[..., 0].abs(), places[:-1]),
        "sensitivity_maps": Field(maps, ("coil", *axes)),
    }
    partitions = sizes[:-channels]
    if partitions:
        acquisition["mask"] = Field((torch.arange(sizes[0])[None] != 1).to(precision), ("kz",))
    y = rng.normal((shape.coils, *frames, *partitions, 3, 5), precision.to_complex())
    return Measured(y, Gaussian(0.1), acquisition)


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
