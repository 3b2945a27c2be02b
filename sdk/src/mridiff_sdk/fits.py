"""Fits: which methods can take the scans of a file, found out before one is read.

Their operators are built for a miniature of it; a method without an operator is asked what its priors make of the conditions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch

from mridiff.errors import MridiffError, PluginError
from mridiff.interfaces import Contents, Field, Gaussian, Measured, Operator, Scan
from mridiff.pipeline.check import fitted
from mridiff.pipeline.method import Method
from mridiff.pipeline.plan import plan
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry

__all__ = ["blocks", "fits", "fits_with", "miniature"]

MOST = 8
"""The longest axis of a miniature."""

BLOCK = re.compile(r"y\d*")
"""Names of what was measured, among all that is told of a scan."""
SIGNAL = frozenset({"coil", "shot", "readout", "kz", "ky", "kx"})
"""Axes of what a receiver measures, which is complex; a y of voxels is a map of real values."""


def blocks(contents: Contents) -> list[str]:
    """The names under which the measurement of a file stands among what is told of it: "y", or "y0", "y1" ..; none where it has none."""
    return [name for name in contents.measured if BLOCK.fullmatch(name)]


def miniature(contents: Contents) -> Scan:
    """A scan of ones with the axes of those of a file, each at most 8 long; the conditions of a scan without y are as long as they are."""
    names = blocks(contents)
    parts = {name: _ones(name, axes, MOST if names else max(axes.values())) for name, axes in contents.measured.items()}
    y = tuple(parts.pop(name).data for name in names)
    if not y:
        return Scan(contents.source, Measured(None, Gaussian(0.1), conditions=parts))
    return Scan(contents.source, Measured(y[0] if names == ["y"] else y, Gaussian(0.1), parts))


def _ones(name: str, axes: Mapping[str, int], most: int) -> Field:
    signal = name == "sensitivity_maps" or (BLOCK.fullmatch(name) and not SIGNAL.isdisjoint(axes))
    dtype = torch.complex64 if signal else torch.float32
    return Field(torch.ones(1, *(min(n, most) for n in axes.values()), dtype=dtype), tuple(axes))


def fits(contents: Contents, dataset: Entry, registry: Registry) -> dict[str, str]:
    """Every installed method, and why it cannot take the scans of a file that `dataset` reads: an empty text where it can."""
    scan = miniature(contents)
    return {entry.spec.name: _against(entry, scan, dataset, registry) for entry in registry.entries("recipe")}


def fits_with(contents: Contents, dataset: Entry, registry: Registry) -> dict[str, list[str]]:
    """By operator the methods that can take the scans of a file with it instead of with their own: `--set operator.use=NAME`."""
    scan = miniature(contents)
    methods = list(registry.entries("recipe"))
    names = [entry.spec.name for entry in registry.entries("operator") if _builds(entry, scan)]
    found = {
        name: [m.spec.name for m in methods if not _against(m, scan, dataset, registry, {"operator": {"use": name}})] for name in names
    }
    return {name: good for name, good in found.items() if good}


def _heard(method: Method, scan: Scan) -> None:
    """Raises where a prior cannot take the conditions of a scan."""
    problem, *_ = method.prepare(scan)
    for prior in method.priors.values():
        prior.conditions(problem)


def _builds(operator: Entry, scan: Scan) -> bool:
    """Whether an operator can be built for a scan with its defaults."""
    try:
        fitted(scan, operator.qualified, lambda scan: operator.load().for_scan(scan.measured))
    except PluginError:
        raise
    except Exception:  # whatever one plugin does, the others are told
        return False
    return True


def _against(method: Entry, scan: Scan, dataset: Entry, registry: Registry, more: Mapping[str, Any] | None = None) -> str:
    try:
        changes = {"dataset": {"use": dataset.qualified, "options": {"path": scan.id}}, **(more or {})}
        made = plan(method.qualified, registry, changes)
        chosen = made.choice.operator

        def build(scan: Scan) -> Operator | None:
            A: Operator | None = None if chosen is None else chosen.load().for_scan(scan.measured, **made.options["operator"])
            return A

        fitted(scan, f"operator {chosen.qualified}" if chosen else "the method", build)
        if chosen is None:
            _heard(Method(made), scan)
    except PluginError:
        raise
    except MridiffError as error:
        return str(error)
    except Exception as error:  # whatever one plugin does, the others are told
        return f"{type(error).__name__}: {error}"
    return ""
