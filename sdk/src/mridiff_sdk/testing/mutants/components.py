"""Broken declarations: modules and classes that a spec points to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from annotated_types import Ge

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff.plugins.entry import Entry
from mridiff.plugins.sources import Source
from mridiff.spec import SamplerSpec, needs

from ..cases import ComponentCase
from .mutant import Mutant, Sound

LIGHT = "mridiff.spec"
"""A module that imports nothing heavy, for entries whose declaration is not what is broken."""


class Plain(Sampler):
    """The adjoint."""

    def __init__(self, prior: Prior, *, weight: Annotated[float, Ge(0), "weight of the data, a number"] = 1.0) -> None:
        super().__init__()
        self.prior, self.weight = prior, weight

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step."""
        yield Step(0, 1, problem.linear.H(problem.y))


class NotASampler:
    """Has the methods of no interface."""


class Swallows(Plain):
    """Takes any option."""

    def __init__(self, prior: Prior, **options: Any) -> None:
        super().__init__(prior, **options)


class BadDefault(Plain):
    """Its default is out of its own bounds."""

    def __init__(self, prior: Prior, *, weight: Annotated[float, Ge(0), "weight of the data, a number"] = -1.0) -> None:
        super().__init__(prior, weight=weight)


class Undescribed(Plain):
    """Leaves its option to be guessed."""

    def __init__(self, prior: Prior, *, weight: Annotated[float, Ge(0)] = 1.0) -> None:
        super().__init__(prior, weight=weight)


def cases(name: str, module: str = LIGHT) -> Callable[[], list[ComponentCase]]:
    """A declaration of the class `name` of this module, by a plugin whose declarations are in `module`."""
    spec = SamplerSpec(name="plain", summary="a sampler", target=f"{__name__}:{name}", priors={"prior": needs()})
    entry = Entry(spec, Source("local", "local", module), "mridiff_sdk")
    return lambda: [ComponentCase(id="declaration", entry=entry)]


SOUND = (Sound("declaration", cases("Plain")),)
MUTANTS = (
    Mutant("declarations that import torch", "component.light", cases("Plain", __name__)),
    Mutant("target of no interface", "component.target", cases("NotASampler")),
    Mutant("target that does not exist", "component.target", cases("Missing")),
    Mutant("swallows misspelt options", "component.arguments", cases("Swallows")),
    Mutant("default outside of its bounds", "component.options", cases("BadDefault")),
    Mutant("option without description", "component.described", cases("Undescribed")),
)
