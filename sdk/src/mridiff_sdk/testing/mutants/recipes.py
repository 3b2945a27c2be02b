"""Broken methods: functions of a scan, and a plan whose record does not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from mridiff.interfaces import Scan
from mridiff.pipeline.method import Method, Reconstruction
from mridiff.pipeline.plan import Plan, plan
from mridiff.plugins.registry import Registry
from mridiff.spec import DatasetSpec, OperatorSpec, PriorSpec, SamplerSpec, Trait, needs

from ..cases import RecipeCase
from .datasets import Few
from .mutant import Mutant, Sound

HERE = "mridiff_sdk.testing.mutants"
SPECS = (
    OperatorSpec(name="masked", summary="a mask", target="mridiff_sdk.testing.reference:Masked", axes=("y", "x"),
                 offers=frozenset({Trait.LINEAR}), needs={"dataset": needs(Trait.MASK)}),
    PriorSpec(name="smooth", summary="a Gaussian", target=f"{HERE}.priors:Smooth", axes=("y", "x"), offers=frozenset({Trait.DENOISER})),
    SamplerSpec(name="plain", summary="the adjoint", target=f"{HERE}.components:Plain", priors={"prior": needs(Trait.DENOISER)}),
    DatasetSpec(name="few", summary="scans", target=f"{HERE}.datasets:Few", offers=frozenset({Trait.MASK})),
)  # fmt: skip
CONFIG = {"dataset": {"use": "few"}, "operator": {"use": "masked"}, "priors": {"prior": {"use": "smooth"}}, "sampler": {"use": "plain"}}


def sound() -> Method:
    """A method of the adjoint."""
    return Method(plan(CONFIG, Registry.of(SPECS)))


def diverges(scan: Scan) -> Reconstruction:
    """Gives NaN."""
    found = sound()(scan)
    return replace(found, x=found.x * float("nan"))


def wavers(scan: Scan) -> Reconstruction:
    """Gives another image every time."""
    found, fresh = sound()(scan), torch.Generator()
    fresh.seed()
    return replace(found, x=found.x + 1e-3 * torch.randn(found.x.shape, generator=fresh, dtype=found.x.dtype))


def scale_of_truth(scan: Scan) -> Reconstruction:
    """Takes its scale from the reference."""
    found = sound()(scan)
    return replace(found, scale=float(scan.truth["x"].data.abs().max()))


class Holed(Method):
    """Its plan holds an object that is no plain data, so its record cannot be written."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.plan = replace(plan, options={**plan.options, "dataset": {"n": print}})


def cases(build: Callable[[], Callable[[Scan], Reconstruction]]) -> Callable[[], list[RecipeCase]]:
    """A method on a tiny scan."""
    return lambda: [RecipeCase(id="tiny", build=build, read=lambda: Few()[0])]


SOUND = (Sound("adjoint as a method", cases(sound)),)
MUTANTS = (
    Mutant("diverges", "recipe.runs", cases(lambda: diverges)),
    Mutant("another image every time", "recipe.repeats", cases(lambda: wavers)),
    Mutant("scale taken from the reference", "recipe.truth-unseen", cases(lambda: scale_of_truth)),
    Mutant("record with a hole", "recipe.record", cases(lambda: Holed(plan(CONFIG, Registry.of(SPECS))))),
)
