"""Services: what the core calls but does not contain - metrics, pictures, adaptors - found through entry points."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from ..plugins.importing import imported
from ..plugins.sources import COMMANDS, GROUP, SERVICES, Survey


def service(name: str) -> Callable[..., Any] | None:
    """The function installed under `name`, or None where no installed package offers it; raises PluginError where it cannot be used.

    Known names: "metrics" (scores an image against its reference), "adapt" (fits a prior to a larger space by axis name),
    "overview" (a picture), "page" (an HTML page), "image" (an image file with geometry), "volumes" (slices that belong together, as one
    file), "uncertainty" (maps and numbers of several samples of a problem), "enough" (whether so many samples reach a standard error).
    """
    return _loaded(name, _rules())


def providers() -> dict[str, str]:
    """Who offers each service, and each member of groups like `mridiff.metrics.image`, as "distribution version"; for the record."""
    found = [source for source in survey().sources if source.group not in (GROUP, COMMANDS)]
    names = {f"{s.group}.{s.plugin}".removeprefix(f"{SERVICES}.").removeprefix("mridiff."): s for s in found}
    return {name: f"{source.distribution} {source.version}" for name, source in sorted(names.items())}


def survey() -> Survey:
    """What is installed, looked up once per process and rules."""
    return _survey(_rules())


def _rules() -> tuple[tuple[str, str], ...]:
    return tuple((name, os.environ[name]) for name in ("MRIDIFF_PLUGINS", "MRIDIFF_BLOCK") if name in os.environ)


@cache
def _survey(rules: tuple[tuple[str, str], ...]) -> Survey:
    return Survey.take(dict(rules))


@cache
def _loaded(name: str, rules: tuple[tuple[str, str], ...]) -> Callable[..., Any] | None:
    source = _survey(rules).find(SERVICES, name)
    offered: Callable[..., Any] | None = None if source is None else imported(source, source.module)
    return offered
