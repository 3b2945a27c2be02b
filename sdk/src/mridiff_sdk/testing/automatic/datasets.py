"""Data sets that need no file, by their defaults; one that reads files gets its plugin's own cases."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from mridiff.interfaces import Dataset
from mridiff.pipeline.plan import option_rows
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
    missing = partial(build, path=Path("no-such-file")) if "path" in rows else None
    return [DatasetCase(id="defaults", offers=entry.spec.offers, build=build, missing=missing)]
