"""The five hooks of a plugin: functions without arguments that return declarations.

A plugin is a light module, named by an entry point of the group `mridiff`, that implements any of these with `@hookimpl`:

    @hookimpl
    def mridiff_samplers():
        return [SamplerSpec(name="dds", summary="...", target="mridiff_dds.sampler:DDS")]

Each hook is called once per discovery, for its own plugin alone, and is pure but for what else is installed (`find_spec`, `which`): no
files, no imports beyond `mridiff.spec`. It may be a generator. If it raises, or returns something else, its plugin alone is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

import pluggy

from ..spec import DatasetSpec, OperatorSpec, PriorSpec, RecipeSpec, SamplerSpec

_Hook = TypeVar("_Hook", bound=Callable[..., object])

hookspec = cast("Callable[[_Hook], _Hook]", pluggy.HookspecMarker("mridiff"))
"""Marks the specification of a hook; for this module."""

hookimpl = cast("Callable[[_Hook], _Hook]", pluggy.HookimplMarker("mridiff"))
"""Marks the implementation of a hook in a plugin's module."""


@hookspec
def mridiff_operators() -> Iterable[OperatorSpec]:  # type: ignore[empty-body]
    """The operators of this plugin; called once per discovery, returns declarations."""


@hookspec
def mridiff_priors() -> Iterable[PriorSpec]:  # type: ignore[empty-body]
    """The priors of this plugin; called once per discovery, returns declarations."""


@hookspec
def mridiff_samplers() -> Iterable[SamplerSpec]:  # type: ignore[empty-body]
    """The samplers of this plugin; called once per discovery, returns declarations."""


@hookspec
def mridiff_datasets() -> Iterable[DatasetSpec]:  # type: ignore[empty-body]
    """The datasets of this plugin; called once per discovery, returns declarations."""


@hookspec
def mridiff_recipes() -> Iterable[RecipeSpec]:  # type: ignore[empty-body]
    """The methods of this plugin, as recipes; called once per discovery, returns declarations."""
