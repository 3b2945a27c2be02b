"""Cases made of a declaration alone; a plugin adds its own where a declaration does not say enough."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable

from mridiff.errors import PluginContractError
from mridiff.plugins.entry import Entry
from mridiff.spec import Spec

from ..cases import Case, ComponentCase
from .datasets import dataset_cases
from .operators import operator_cases
from .priors import prior_cases
from .recipes import recipe_cases
from .samplers import sampler_cases

Own = Callable[[Spec], Iterable[Case]]
"""What a plugin offers: cases for one of its declarations."""

HOOK = "conformance"
"""The module of a plugin's package that may hold its `cases(spec)`."""

MAKERS: dict[str, Callable[[Entry, int], list[Case]]] = {
    "operator": operator_cases, "prior": prior_cases, "sampler": sampler_cases, "dataset": dataset_cases, "recipe": recipe_cases,
}  # fmt: skip


def cases_for(entry: Entry, own: Own | None = None, examples: int = 3) -> list[Case]:
    """The cases of a component: its declaration, and the plugin's own, or the automatic ones where it has none.

    `own` defaults to the function `cases` of the module `conformance` in the plugin's package, where there is one. `examples` is the
    number of drawn shapes beside the fixed ones.
    """
    own = own or _hook(entry)
    given = list(own(entry.spec)) if own is not None else []
    return [ComponentCase(id="declaration", offers=entry.spec.offers, entry=entry), *(given or MAKERS[entry.spec.kind](entry, examples))]


def _hook(entry: Entry) -> Own | None:
    name = f"{entry.package}.{HOOK}"
    if importlib.util.find_spec(name) is None:
        return None
    function: Own | None = getattr(importlib.import_module(name), "cases", None)
    if function is None:
        raise PluginContractError(f"{name} has no function cases(spec)", plugin=entry.plugin, distribution=entry.distribution)
    return function
