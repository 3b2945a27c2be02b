"""What the method is set beside: a scan that knows more."""

from __future__ import annotations

from dataclasses import replace

from mridiff.interfaces import Scan


def told(scan: Scan) -> Scan:
    """The scan with its true coil maps, as if they had been measured in another scan."""
    acquisition = {**scan.measured.acquisition, "sensitivity_maps": scan.truth["sensitivity_maps"]}
    return replace(scan, measured=replace(scan.measured, acquisition=acquisition))
