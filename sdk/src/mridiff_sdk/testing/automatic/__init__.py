"""Cases made of a declaration alone; a plugin adds its own where a declaration does not say enough."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

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
"""The module of a plugin's package that may hold its `cases(spec)`, and the `options(spec, folder)` of what cannot do without."""

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


def options_for(entry: Entry, folder: Path) -> dict[str, Any]:
    """Options with which a component that has required ones can be built; its plugin may write files to `folder` for them."""
    options = getattr(_hooks(entry), "options", None)
    return {} if options is None else dict(options(entry.spec, folder))


def _hook(entry: Entry) -> Own | None:
    module = _hooks(entry)
    if module is None:
        return None
    function: Own | None = getattr(module, "cases", None)
    if function is None:
        raise PluginContractError(f"{module.__name__} has no function cases(spec)", plugin=entry.plugin, distribution=entry.distribution)
    return function


def _hooks(entry: Entry) -> ModuleType | None:
    name = f"{entry.package}.{HOOK}"
    found = hasattr(importlib.import_module(entry.package), "__path__") and importlib.util.find_spec(name)
    return importlib.import_module(name) if found else None  # a plugin of a single module has none
