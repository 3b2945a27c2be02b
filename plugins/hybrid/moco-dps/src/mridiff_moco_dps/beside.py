"""What the method is set beside: CG-SENSE that is told the true motion."""

from __future__ import annotations

from typing import Any

from mridiff.interfaces import Problem, Scan, Streams
from mridiff_operators.motion import RigidMotionSense
from mridiff_samplers.cg_sense import CGSense
from mridiff_sdk.study import told


def cg_told(scan: Scan, seed: int) -> Any:
    """CG-SENSE at the true motion."""
    A = RigidMotionSense.for_scan(told(scan, "motion").measured)
    return CGSense(l2=0.01)(Problem.of(A.at(A.start()), scan.measured), Streams.of(seed, scan.id))
