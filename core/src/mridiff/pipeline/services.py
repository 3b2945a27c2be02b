"""Services: what the core calls but does not contain - metrics, pictures, adaptors - found through entry points."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

GROUP = "mridiff.services"


@cache
def service(name: str) -> Callable[..., Any] | None:
    """The function installed under `name`, or None where no installed package offers it.

    Known names: "metrics" (scores an image against its reference), "adapt" (fits a prior to a larger space by axis name),
    "overview", "comparison" (pictures), "page" (an HTML page), "image" (an image file with geometry).
    """
    from importlib_metadata import entry_points

    found = sorted(entry_points(group=GROUP, name=name), key=lambda e: e.value)
    offered: Callable[..., Any] | None = found[0].load() if found else None
    return offered
