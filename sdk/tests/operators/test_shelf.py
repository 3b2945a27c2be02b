"""Every elementary operator, and what the signs of a formula make of them, keeps the laws; odd sizes, several samples, both precisions."""

from collections.abc import Callable
from functools import partial
from itertools import cycle

import pytest
import torch

from mridiff.interfaces import Field, Gaussian, LinearOperator, Measured, Space, Streams
from mridiff.spec import Trait
from mridiff_sdk.operators import (
    AsComplex,
    Block,
    Coils,
    Crop,
    EchoPlanar,
    FiniteDifferences,
    Fourier,
    Mask,
    NonUniformFourier,
    Pad,
    Permutation,
    RealPart,
    Resample,
    Stack,
    SumOverAxis,
)
from mridiff_sdk.testing.cases import DOUBLE, SINGLE, OperatorCase
from mridiff_sdk.testing.run import examine

LINEAR = frozenset({Trait.LINEAR})
SIZES = ((4, 6), (5, 7), (3, 4))
COILS = 3
KSPACE = ("ky", "kx")


def plane(size, complex_=True):
    return Space(("y", "x"), size, complex=complex_)


def volume(size, complex_=True):
    return Space(("coil", "y", "x"), (COILS, *size), complex=complex_)


def sense(scan, size):
    return Mask(Fourier(volume(size)).codomain, scan.require("mask")[0], KSPACE) @ Fourier(volume(size)) @ Coils(scan.require("maps")[0])


def masked(scan, size, invert=False):
    m = scan.require("mask")[0]
    F = Fourier(plane(size))
    return Mask(F.codomain, 1 - m if invert else m) @ F


def train(scan, size, axis):
    mask, field = scan.require("mask", "field")
    lines = mask[:, :, 0] if axis == "y" else mask[:, 0]
    return EchoPlanar(volume(size), field, 1e-3 * torch.arange(lines.shape[1]), lines, axis)


Build = Callable[[Measured, tuple[int, int]], LinearOperator]
SHELF: dict[str, Build] = {
    "Fourier": lambda scan, size: Fourier(plane(size)),
    "Fourier along x of coils": lambda scan, size: Fourier(volume(size), ["x"]),
    "Mask": lambda scan, size: Mask(Space(KSPACE, size, kind="k-space"), scan.require("mask")[0]),
    "Mask of coils": lambda scan, size: Mask(Fourier(volume(size)).codomain, scan.require("mask")[0], KSPACE),
    "Coils": lambda scan, size: Coils(scan.require("maps")[0]),
    "Coils of a series": lambda scan, size: Coils(scan.require("maps")[0], domain=Space(("t", "y", "x"), (2, *size))),
    "NonUniformFourier of coils": lambda scan, size: NonUniformFourier(volume(size), scan.require("places")[0][:, 0]),
    "NonUniformFourier of frames": lambda scan, size: NonUniformFourier(
        Space(("t", "coil", "y", "x"), (2, COILS, *size)), scan.require("places")[0], frames=("t",)
    ),
    "EchoPlanar": lambda scan, size: train(scan, size, "y"),
    "EchoPlanar along x": lambda scan, size: train(scan, size, "x"),
    "Crop": lambda scan, size: Crop(volume(size), {"y": size[0] - 2, "x": size[1] - 1}),
    "Pad": lambda scan, size: Pad(plane(size), {"y": size[0] + 1, "x": size[1] + 3}),
    "Resample finer": lambda scan, size: Resample(plane(size), {"y": size[0] + 3, "x": 2 * size[1]}),
    "Resample coarser": lambda scan, size: Resample(volume(size), {"x": size[1] - 2}),
    "Resample of real numbers": lambda scan, size: Resample(plane(size, False), {"y": size[0] + 1, "x": size[1] - 1}),
    "FiniteDifferences": lambda scan, size: FiniteDifferences(volume(size)),
    "FiniteDifferences of real numbers": lambda scan, size: FiniteDifferences(volume(size, False), ["coil", "x"]),
    "AsComplex": lambda scan, size: AsComplex(plane(size)),
    "RealPart": lambda scan, size: RealPart(plane(size)),
    "Permutation": lambda scan, size: Permutation(volume(size), ("x", "coil", "y"), {"coil": [2, 0, 1], "y": [*range(1, size[0]), 0]}),
    "SumOverAxis": lambda scan, size: SumOverAxis(volume(size), "coil"),
    "Stack": lambda scan, size: Stack([masked(scan, size), masked(scan, size, invert=True), FiniteDifferences(plane(size))]),
    "Block": lambda scan, size: Block([masked(scan, size), 0.5 * masked(scan, size, invert=True)]),
    # the signs of a formula, with complex numbers
    "c A": lambda scan, size: (2 + 1j) * masked(scan, size),
    "A c": lambda scan, size: masked(scan, size) * (0.1 - 3j),
    "A + B": lambda scan, size: masked(scan, size) + (1 - 2j) * masked(scan, size, invert=True),
    "A B": lambda scan, size: masked(scan, size) @ Coils(scan.require("maps")[0]).gram,
    "A.H": lambda scan, size: sense(scan, size).H,
    "A.gram": lambda scan, size: sense(scan, size).gram,
    "A.scaled(number)": lambda scan, size: sense(scan, size).scaled(0.1),
    "A.scaled(per sample)": lambda scan, size: sense(scan, size).scaled(scan.require("scale")[0]),
    "A.scaled(tensor)": lambda scan, size: sense(scan, size).scaled(scan.require("maps")[0][:, 0]),
    "c Stack": lambda scan, size: (2 + 1j) * Stack([masked(scan, size), masked(scan, size, invert=True)]),
    "c Block": lambda scan, size: (2 + 1j) * Block([masked(scan, size), masked(scan, size, invert=True)]),
    "Block.scaled(per sample)": lambda scan, size: Block([masked(scan, size), masked(scan, size)]).scaled(scan.require("scale")[0][:, None]),
    "M F S": sense,
    "M (F S)": lambda scan, size: (
        Mask(Fourier(volume(size)).codomain, scan.require("mask")[0], KSPACE) @ (Fourier(volume(size)) @ Coils(scan.require("maps")[0]))
    ),
    "M F S of a real image": lambda scan, size: sense(scan, size) @ AsComplex(plane(size)),
    "Re M F S": lambda scan, size: RealPart(volume(size)) @ Coils(scan.require("maps")[0]),
    "coil by coil, combined": lambda scan, size: SumOverAxis(volume(size), "coil") @ Coils(scan.require("maps")[0]),
}  # fmt: skip


def measured(size, samples, lines, precision):
    rng = Streams.of(0, "shelf", samples)
    u = rng.uniform(size)
    u = u[:, :1].expand_as(u) if lines else u
    maps = rng.normal((COILS, *size), precision.to_complex())
    scale = (0.5 + rng.uniform((1, 1))).to(precision)
    places = (rng.uniform((2, 3, 4, 2)) * torch.tensor(size) - torch.tensor(size) / 2).to(precision)
    fields = {"mask": Field((u < 0.5).to(precision), KSPACE), "maps": Field(maps, ("coil", "y", "x")), "scale": Field(scale, ("y", "x")),
              "field": Field(100 * rng.normal(size, precision), ("y", "x")),
              "places": Field(places, ("t", "shot", "readout", "channel"))}  # fmt: skip
    return Measured(None, Gaussian(), fields)


def cases(build):
    for samples, (size, precision) in enumerate(zip(SIZES, cycle((SINGLE, DOUBLE)), strict=False), start=1):
        yield OperatorCase(id=f"{size}", offers=LINEAR, measured=partial(measured, size, samples, samples % 2), samples=samples,
                           build=partial(build, size=size), precision=precision)  # fmt: skip


@pytest.mark.parametrize("name", SHELF)
def test_it_keeps_every_law(name):
    if name.startswith("NonUniform"):
        pytest.importorskip("finufft")
    found = list(examine(cases(lambda scan, size: SHELF[name](scan, size))))
    assert not [o for o in found if o.status in {"failed", "excused"}]
    assert {"operator.adjoint", "operator.gram", "operator.norm", "operator.forward-mode"} <= {
        o.check for o in found if o.status == "passed"
    }
