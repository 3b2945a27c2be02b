"""Cases for what a declaration alone does not say: other unknowns than an image, and scans that hold more than a mask and maps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from itertools import cycle

import torch

from mridiff.interfaces import Field, Gaussian, Geometry, Measured, Operator, Streams
from mridiff.spec import OperatorSpec, Spec
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.sampling_patterns import centre
from mridiff_sdk.testing import DOUBLE, SINGLE, Case, OperatorCase, Shape, cartesian, shapes

from .blur import BlurDownsample
from .coil_fourier import CoilFourierOperator
from .dipole import AXES, DipoleOperator
from .inpainting import InpaintingOperator
from .motion_and_maps import MotionAndMapsSense
from .multislice import MultiSliceSense
from .noncartesian_sense import KtNonCartesianSense, NonCartesianSense, NonCartesianSense3D
from .off_resonance import OffResonanceSense
from .relaxation import RelaxationSense
from .smooth_maps import SmoothMapsSense
from .spirit import Spirit
from .subspace import SubspaceSense
from .truncation import TruncationOperator

ANYWHERE: dict[str, type[NonCartesianSense | NonCartesianSense3D | KtNonCartesianSense]] = {
    "noncartesian-sense": NonCartesianSense, "noncartesian-sense-3d": NonCartesianSense3D,
    "kt-noncartesian-sense": KtNonCartesianSense}  # fmt: skip
"""Operators along trajectories, by name."""


def cases(spec: Spec) -> Iterable[Case]:
    """Small scans of the operators that need more than a mask and maps; none for the others, which get the automatic ones."""
    if isinstance(spec, OperatorSpec) and spec.name == "dipole":
        yield from _fields(spec)
    if isinstance(spec, OperatorSpec) and spec.name in ANYWHERE and find_spec("finufft"):
        yield from _anywhere(spec)
    if isinstance(spec, OperatorSpec) and spec.name in MADE:
        yield from _made(spec)
    if not isinstance(spec, OperatorSpec) or spec.name != "coil-fourier":
        return
    for shape, precision in zip(shapes(("y", "x"), 3), cycle((SINGLE, DOUBLE)), strict=False):
        name = f"{shape.id}-{'single' if precision == SINGLE else 'double'}"
        yield OperatorCase(id=name, offers=spec.offers, measured=partial(cartesian, shape, with_maps=True), samples=shape.samples,
                           build=CoilFourierOperator.for_scan, precision=precision)  # fmt: skip


def _made(spec: OperatorSpec) -> Iterable[Case]:
    """Even and odd sizes, several samples, both precisions."""
    for kind, (build, scan) in {"": MADE[spec.name], **TRAINS.get(spec.name, {})}.items():
        for size, samples, precision in (((4, 6), 1, SINGLE), ((5, 7), 2, DOUBLE), ((6, 5), 3, DOUBLE), ((16, 18), 1, SINGLE)):
            name = f"{kind}{size[0]}x{size[1]}-{samples}samples-{'single' if precision == SINGLE else 'double'}"
            yield OperatorCase(id=name, offers=spec.offers, measured=partial(scan, size, samples), samples=samples, build=build,
                               precision=precision)  # fmt: skip


def _scan(size: tuple[int, ...], samples: int, precision: torch.dtype, more: Mapping[str, Field], frames: tuple[int, ...] = ()) -> Measured:
    """A scan of points drawn anew for every frame, seen by three coils."""
    rng = Streams.of(samples, "made", samples)
    lead = ("t",) * len(frames)
    mask = (rng.uniform((*frames, *size[-2:])) < 0.6).to(precision)
    maps = simulate_maps(3, size, samples, precision.to_complex())[None]
    acquisition = {
        "mask": Field(mask, (*lead, "ky", "kx")),
        "sensitivity_maps": Field(maps, ("coil", *("z", "y", "x")[-len(size) :])),
        **more,
    }
    return Measured(rng.normal((3, *frames, *size[-2:]), precision.to_complex()), Gaussian(0.1), acquisition)


def _series(size: tuple[int, int], samples: int, precision: torch.dtype) -> Measured:
    """Four frames of two images: a basis for each sample, or echo times."""
    basis = Field(Streams.of(samples, "basis", samples).normal((4, 2), precision), ("t", "channel"))
    times = Field(torch.tensor([[10.0, 20, 40, 80]], dtype=precision), ("t",))
    return _scan(size, samples, precision, {"basis": basis} if samples > 1 else {"echo_times": times}, (4,))


def _relaxing(size: tuple[int, int], samples: int, precision: torch.dtype) -> Measured:
    """Four frames, after echo times, or after inversion times where there are several samples."""
    times = Field(torch.tensor([[10.0, 20, 40, 80]], dtype=precision), ("t",), "ms")
    return _scan(size, samples, precision, {"inversion_times" if samples > 1 else "echo_times": times}, (4,))


def _off_resonance(size: tuple[int, int], samples: int, precision: torch.dtype) -> Measured:
    """Lines one after the other within 20 ms, and some 50 Hz."""
    field = 50 * Streams.of(samples, "field", samples).normal(size, precision)
    times = torch.linspace(0, 0.02, size[0] * size[1], dtype=precision).reshape(1, *size)
    return _scan(size, samples, precision, {"field_map": Field(field, ("y", "x")), "sample_times": Field(times, ("ky", "kx"))})


def _train(axis: int, size: tuple[int, int], samples: int, precision: torch.dtype) -> Measured:
    """Every second line along an axis, of each sample others, and some 50 Hz."""
    made = _off_resonance(size, samples, precision)
    first = torch.arange(samples) % 2
    lines = ((torch.arange(size[axis]) + first[:, None]) % 2).to(precision)
    mask = (lines[:, :, None] if axis == 0 else lines[:, None]).expand(-1, *size)
    fields = {n: f for n, f in made.acquisition.items() if n != "sample_times"}
    return replace(made, acquisition={**fields, "mask": Field(mask, ("ky", "kx"))})


def _slices(size: tuple[int, int], samples: int, precision: torch.dtype) -> Measured:
    """Three slices, shifted apart where there are several samples."""
    phase = Streams.of(samples, "phase", samples).normal((3, size[0]), precision)
    more = {"slice_phase": Field(phase, ("z", "ky"))} if samples > 1 else {}
    return _scan((3, *size), samples, precision, more)


def _centre(size: tuple[int, int], samples: int, precision: torch.dtype) -> Measured:
    """Random points about a box that is sampled in full, of which the neighbourhoods are learnt."""
    made = _scan(size, samples, precision, {})
    box = 7 if min(size) >= 16 else 4
    mask = made.acquisition["mask"].data.clone()
    mask[:, centre(size[0], box), centre(size[1], box)] = 1
    acquisition = {**made.acquisition, "mask": Field(mask, ("ky", "kx"))}
    assert isinstance(made.y, torch.Tensor)
    return replace(made, y=mask[:, None] * made.y, acquisition=acquisition)


def _small(size: tuple[int, int], samples: int, precision: torch.dtype) -> Measured:
    return Measured(Streams.of(samples, "small", samples).normal(size, precision.to_complex()), Gaussian(0.1))


def _regions(size: tuple[int, int], samples: int, precision: torch.dtype) -> Measured:
    rng = Streams.of(samples, "regions", samples)
    region = (rng.uniform(size) < 0.6).to(precision)
    return Measured(region * rng.normal(size, precision.to_complex()), Gaussian(0.1), {"region": Field(region, ("y", "x"))})


def _coarse(size: tuple[int, int], samples: int, precision: torch.dtype) -> Measured:
    """Half of the size where that is large; a kernel that the scan tells, where there are several samples."""
    rng, half = Streams.of(samples, "coarse", samples), (size[0] // 2, size[1] // 2) if size[0] >= 16 else size
    kernel = {"kernel": Field(Streams.of(0, "kernel").uniform((3, 5), precision), ("y", "x"))} if samples > 1 else {}
    return Measured(rng.normal(half, precision.to_complex()), Gaussian(0.1), kernel)


Made = tuple[Callable[[Measured], Operator], Callable[[tuple[int, int], int, torch.dtype], Measured]]

MADE: dict[str, Made] = {
    "subspace-sense": (partial(SubspaceSense.for_scan, rank=2), _series),
    "off-resonance-sense": (partial(OffResonanceSense.for_scan, segments=4), _off_resonance),
    "multislice-sense": (MultiSliceSense.for_scan, _slices),
    "spirit": (partial(Spirit.for_scan, kernel=3, weight=2.0), _centre),
    "truncation": (TruncationOperator.for_scan, _small),
    "inpainting": (InpaintingOperator.for_scan, _regions),
    "smooth-maps-sense": (partial(SmoothMapsSense.for_scan, degree=2), partial(_scan, more={})),
    "motion-and-maps-sense": (partial(MotionAndMapsSense.for_scan, shots=2, degree=1), partial(_scan, more={})),
    "relaxation-sense": (partial(RelaxationSense.for_scan, frequency=True), _relaxing),
    "blur-downsample": (partial(BlurDownsample.for_scan, side=3), _coarse),
}
"""How an operator is built, and of what scan, by name."""

TRAINS: dict[str, dict[str, Made]] = {"off-resonance-sense": {
    "train-y-": (partial(OffResonanceSense.for_scan, echo_spacing=1e-3), partial(_train, 0)),
    "train-x-": (partial(OffResonanceSense.for_scan, echo_spacing=1e-3, phase_encoding="x-"), partial(_train, 1))}}  # fmt: skip
"""The same for operators that treat scans of another kind in another way, by how their cases begin."""


def _anywhere(spec: OperatorSpec) -> Iterable[Case]:
    """Even and odd sizes, several samples with a trajectory each; of volumes all three channels, and stacks of plane trajectories."""
    build, own = ANYWHERE[spec.name].for_scan, {"noncartesian-sense-3d": (3, 2, 2, 3)}.get(spec.name, (2, 2, 2, 2))
    for shape, channels, precision in zip(shapes(spec.axes, 0), own, (SINGLE, DOUBLE, DOUBLE, SINGLE), strict=True):
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
    shots, readouts = (3, 5) if sizes[-1] < 16 else (12, 18)
    k = (rng.uniform((*frames, shots, readouts, channels), precision) - 0.5) * reach
    places = (*("t",) * len(frames), "shot", "readout", "channel")
    acquisition = {
        "trajectory": Field(k, places),
        "sensitivity_maps": Field(maps, ("coil", *axes)),
    }
    if shots == 3:  # the first look of the largest weighs its places itself
        acquisition["density"] = Field(k[..., 0].abs(), places[:-1])
    partitions = sizes[:-channels]
    if partitions:
        acquisition["mask"] = Field((torch.arange(sizes[0])[None] != 1).to(precision), ("kz",))
    y = rng.normal((shape.coils, *frames, *partitions, shots, readouts), precision.to_complex())
    return Measured(y, Gaussian(0.1), acquisition)


def _fields(spec: OperatorSpec) -> Iterable[Case]:
    """Even and odd sizes, one direction of the field for each of several samples, with empty space about the volume and without."""
    small = (((4, 6, 8), 1, 0, SINGLE), ((5, 4, 7), 3, 3, DOUBLE), ((6, 5, 4), 2, 0, DOUBLE), ((8, 16, 18), 1, 0, SINGLE))
    for sizes, samples, pad, precision in small:
        name = f"{'x'.join(map(str, sizes))}-{samples}samples-pad{pad}"
        yield OperatorCase(id=name, offers=spec.offers, measured=partial(_field, sizes, samples), samples=samples,
                           build=partial(DipoleOperator.for_scan, pad=pad), precision=precision)  # fmt: skip


def _field(sizes: tuple[int, ...], samples: int, precision: torch.dtype) -> Measured:
    rng = Streams.of(0, "field", samples)
    mask = (rng.uniform(sizes) < 0.7).to(precision)
    acquisition = {"brain_mask": Field(mask, AXES), "b0_direction": Field(rng.normal((3,), precision), ("channel",))}
    return Measured(mask * rng.normal(sizes, precision), Gaussian(0.1), acquisition, geometry=Geometry((2.0, 1.0, 1.5)))
