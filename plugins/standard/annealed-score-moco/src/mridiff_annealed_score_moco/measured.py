"""Measured scans whose lines breathing has displaced: what they were before is the truth."""

from __future__ import annotations

from dataclasses import replace

from mridiff.interfaces import Field, Scan
from mridiff_datasets.breathing import Breathing

from .beside import input_of


def displaced(scan: Scan, shift: float = 3.0, still: float = 0.05) -> Scan:
    """The scan with phase errors of its outer lines; its truth "x" (y, x) is the image of all of its k-space without them."""
    return replace(Breathing(shift, still).scan(scan), truth={"x": Field(input_of(scan), ("y", "x"))})
