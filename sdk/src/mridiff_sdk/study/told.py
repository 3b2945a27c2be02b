"""Told: a scan that knows what its method would have to find."""

from __future__ import annotations

from dataclasses import replace

from mridiff.interfaces import Scan


def told(scan: Scan, name: str) -> Scan:
    """The scan with one of its truths as a part of its acquisition, as if it had been measured besides: a bound for `Altered` rows."""
    return replace(scan, measured=replace(scan.measured, acquisition={**scan.measured.acquisition, name: scan.truth[name]}))
