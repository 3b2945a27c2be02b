"""Data sets that need no file, by their defaults; one that reads files gets its plugin's own cases."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge

from mridiff.interfaces import Dataset
from mridiff.pipeline.plan import configurable, option_rows
from mridiff.pipeline.signature import options_model
from mridiff.plugins.entry import Entry
from mridiff.spec import DatasetSpec

from ..cases import Case, DatasetCase


def dataset_cases(entry: Entry, examples: int) -> list[Case]:  # noqa: ARG001 - one signature for all kinds
    """The data set with its defaults; none where an option is required."""
    assert isinstance(entry.spec, DatasetSpec)
    rows = {row["name"]: row for row in option_rows(entry)}
    if any(row["default"] == "required" for row in rows.values()):
        return []
    build: Callable[..., Dataset] = entry.load()
    missing = (lambda path: build(path=path)) if "path" in rows else None
    clean = {}
    if {"acceleration", "noise_std"} <= rows.keys():
        clean = {name: partial(build, **options, acceleration=1, noise_std=0.0) for name, options in combinations(entry).items()}
    return [DatasetCase(id="defaults", offers=entry.spec.offers, build=build, missing=missing, clean=clean)]


def combinations(entry: Entry) -> dict[str, dict[str, Any]]:
    """The options of a data set with at most two of them away from their defaults, by name: other choices, and the least whole number."""
    changes: list[dict[str, Any]] = []
    for name, option in options_model(configurable(entry)).model_fields.items():
        if name in {"acceleration", "noise_std"}:
            continue
        least = [m.ge for m in option.metadata if isinstance(m, Ge) and isinstance(option.default, int)]
        values = get_args(option.annotation) if get_origin(option.annotation) is Literal else least
        changes += [{name: value} for value in values if value != option.default]
    pairs = [a | b for a, b in itertools.combinations(changes, 2) if a.keys() != b.keys()]
    return {", ".join(f"{k}={v}" for k, v in c.items()) or "defaults": c for c in ({}, *changes, *pairs)}
