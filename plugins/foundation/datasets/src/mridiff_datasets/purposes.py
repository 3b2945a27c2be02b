"""Purposes: what the lines of an ISMRMRD file are there for, told by their flags."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

IMAGE, CALIBRATION, NOISE = "image", "calibration", "noise"

LEFT_OUT = {23: "navigators", 24: "phase correction", 26: "feedback", 27: "dummy scans", 28: "feedback", 29: "surface coil correction",
            30: "phase stabilisation", 31: "phase stabilisation"}  # fmt: skip
"""Flag numbers of the standard for lines that belong to no image, and what they are."""

CALIBRATES, CALIBRATES_TOO, REVERSED = 20, 21, 22


def flagged(heads: NDArray[Any], flag: int) -> NDArray[np.bool_]:
    """Which lines carry a flag, by its number in the standard."""
    raised: NDArray[np.bool_] = (heads["flags"].astype(np.uint64) >> np.uint64(flag - 1)) & np.uint64(1) != 0
    return raised


def purposes(heads: NDArray[Any]) -> NDArray[np.str_]:
    """One word per line: image, calibration (for the coil maps), noise, or why it belongs to neither.

    A line for calibration and imaging at once is one of the image.
    """
    found = np.full(len(heads), IMAGE, dtype="<U32")
    found[flagged(heads, CALIBRATES) & ~flagged(heads, CALIBRATES_TOO)] = CALIBRATION
    for flag, what in LEFT_OUT.items():
        found[flagged(heads, flag)] = what
    found[flagged(heads, 19)] = NOISE
    return found
