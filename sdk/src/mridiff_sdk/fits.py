"""Fits: which methods can take the scans of a file, found out before one is read: their operators are built for a miniature of it."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from mridiff.errors import MridiffError, PluginError
from mridiff.interfaces import Contents, Field, Gaussian, Measured, Operator, Scan
from mridiff.pipeline.check import fitted
from mridiff.pipeline.plan import plan
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry

__all__ = ["fits", "miniature"]

MOST = 8
"""The longest axis of a miniature."""

COMPLEX = frozenset({"y", "sensitivity_maps"})


def miniature(contents: Contents) -> Scan:
    """A scan of ones with the axes of those of a file, each at most 8 long."""
    parts = {name: _ones(name, axes) for name, axes in contents.measured.items()}
    y = parts.pop("y").data
    return Scan(contents.source, Measured(y, Gaussian(0.1), parts))


def _ones(name: str, axes: Mapping[str, int]) -> Field:
    dtype = torch.complex64 if name in COMPLEX else torch.float32
    return Field(torch.ones(1, *(min(n, MOST) for n in axes.values()), dtype=dtype), tuple(axes))


def fits(contents: Contents, dataset: Entry, registry: Registry) -> dict[str, str]:
    """Every installed method, and why it cannot take the scans of a file that `dataset` reads: an empty text where it can."""
    scan = miniature(contents)
    return {entry.spec.name: _against(entry, scan, dataset, registry) for entry in registry.entries("recipe")}


def _against(method: Entry, scan: Scan, dataset: Entry, registry: Registry) -> str:
    try:
        made = plan(method.qualified, registry, {"dataset": {"use": dataset.qualified, "options": {"path": scan.id}}})
        chosen = made.choice.operator

        def build(scan: Scan) -> Operator | None:
            A: Operator | None = None if chosen is None else chosen.load().for_scan(scan.measured, **made.options["operator"])
            return A

        fitted(scan, f"operator {chosen.qualified}" if chosen else "the method", build)
    except PluginError:
        raise
    except MridiffError as error:
        return str(error)
    return ""
