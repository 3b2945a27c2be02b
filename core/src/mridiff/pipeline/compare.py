"""Comparison: several methods on the same scans, with the same data, scores and costs; who does it is a service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import NotFound
from ..plugins.registry import Registry
from .services import service


def compare(names: Sequence[str], registry: Registry, changes: Mapping[str, Any], out: Path, **more: Any) -> dict[str, Any]:
    """Run every method on every scan of the dataset in `changes`; results, pictures, a page and a record in `out`. Returns the record.

    Raises NotFound where no installed package compares, MridiffError before anything is computed where a method cannot run.
    """
    comparison = service("compare")
    if comparison is None:
        raise NotFound("no installed package compares methods", hint="`pip install mridiff-sdk` brings one.")
    record: dict[str, Any] = comparison(names, registry, changes, out, **more)
    return record
