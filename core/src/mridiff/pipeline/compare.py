"""Comparison: several methods on the same scans, with the same data, scores and costs; who does it is a service."""

from __future__ import annotations

from typing import Any

from ..errors import NotFound
from .services import service


def compare(*args: Any, **options: Any) -> dict[str, Any]:
    """What the service "compare" makes of names, registry, changes and output folder; raises NotFound where nobody offers it."""
    comparison = service("compare")
    if comparison is None:
        raise NotFound("no installed package compares methods", hint="`pip install mridiff-sdk` brings one.")
    record: dict[str, Any] = comparison(*args, **options)
    return record
