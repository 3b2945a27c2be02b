"""Everyone: the rows of a study of all installed methods that reconstruct one kind of scan."""

from __future__ import annotations

from collections.abc import Mapping

from mridiff.errors import MridiffError
from mridiff.pipeline.config import parse
from mridiff.pipeline.method import default_registry
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry
from mridiff.spec import Family, RecipeSpec, Trait

from .study import Row


def every_method(application: str, *traits: Trait, registry: Registry | None = None) -> tuple[Mapping[str, Row], tuple[str, ...]]:
    """By name every installed method of an application whose operator needs all these traits of a scan, classical ones first.

    And sentences that say who is left out, and why. Who is not installed is not known, so nothing is said of it.
    """
    registry = registry or default_registry()
    found: dict[str, Row] = {}
    without: list[str] = []
    for entry in sorted(registry.entries("recipe"), key=lambda e: (not _classical(e), e.spec.name)):
        if isinstance(entry.spec, RecipeSpec) and entry.spec.application == application:
            if why := _misfit(entry.qualified, traits, registry):
                without.append(f"{entry.spec.name} is left out: {why}.")
            else:
                found[entry.spec.name] = entry.spec.name
    return found, tuple(without)


def _classical(entry: Entry) -> bool:
    return isinstance(entry.spec, RecipeSpec) and entry.spec.family is Family.CLASSICAL


def _misfit(method: str, traits: tuple[Trait, ...], registry: Registry) -> str:
    """Why a method does not reconstruct such scans; empty where it does."""
    try:
        node = parse(method, registry)[0].operator
        demand = None if node is None else registry.find("operator", node.use).spec.needs.get("dataset")
    except MridiffError as error:
        return error.message
    missing = [trait for trait in traits if demand is None or trait not in demand.all]
    return f"its operator takes no {', '.join(missing)} of a scan" if missing else ""
