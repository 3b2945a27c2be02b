"""Recipes on their own scan, cut down to a few steps."""

from __future__ import annotations

from functools import partial

from mridiff.interfaces import Scan
from mridiff.pipeline.method import Method, load_dataset
from mridiff.pipeline.plan import Plan, option_rows, plan
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry

from ..cases import Case, RecipeCase
from .samplers import STEPS, least


def recipe_cases(entry: Entry, examples: int) -> list[Case]:  # noqa: ARG001 - one signature for all kinds
    """The method with two steps, or as few as it allows, and one sample."""
    return [RecipeCase(id="short", offers=entry.spec.offers, build=partial(_method, entry.qualified), read=partial(_scan, entry.qualified))]


def _short(name: str) -> Plan:
    registry = Registry.discover()
    full = plan(name, registry)
    counts = {row["name"]: max(2, least(row)) for row in option_rows(full.choice.sampler) if row["name"] in STEPS}
    return plan(name, registry, {"samples": 1, "sampler": {"options": counts}})


def _method(name: str) -> Method:
    return Method(_short(name))


def _scan(name: str) -> Scan:
    return load_dataset(_short(name))[0]
