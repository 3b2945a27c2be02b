"""What the method is set beside: what is told the true motion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mridiff.interfaces import Problem, Scan, Streams
from mridiff_operators.motion import RigidMotionSense
from mridiff_samplers.cg_sense import CGSense


def told(scan: Scan) -> Scan:
    """The scan with its true motion, as if a navigator had found it."""
    return replace(scan, measured=replace(scan.measured, acquisition={**scan.measured.acquisition, "motion": scan.truth["motion"]}))


def cg_told(scan: Scan, seed: int) -> Any:
    """CG-SENSE at the true motion."""
    A = RigidMotionSense.for_scan(told(scan).measured)
    return CGSense(l2=0.01)(Problem.of(A.at(A.start()), scan.measured), Streams.of(seed, scan.id))
