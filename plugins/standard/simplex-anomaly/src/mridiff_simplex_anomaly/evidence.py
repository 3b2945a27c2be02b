"""Evidence: how much a place of a slice differs from what a healthy brain would have there."""

from __future__ import annotations

from typing import Annotated, Literal

from torch import Tensor

from mridiff.interfaces import Field
from mridiff_sdk.metrics import EVIDENCE

LESION = "lesion"
"""The output of a sampler, and the truth, that say where a lesion is."""
TOP = 2.0
"""The largest intensity of the prior's images; the smallest is 0."""
Side = Annotated[Literal["both", "brighter", "darker"], "which differences from a healthy brain count"]
SIGN = {"both": 0, "brighter": 1, "darker": -1}


def evidence(x: Tensor, x0: Tensor, threshold: float, side: str) -> Field:
    """(|x| - |x0|)^2 over the threshold, where the difference is on the right side, and 0 elsewhere; images (sample, y, x)."""
    d = x.abs() - x0.abs()
    d = d if side == "both" else (SIGN[side] * d).clamp_min(0)
    return Field(d.square() / threshold, ("y", "x"), EVIDENCE)


def clipped(x: Tensor) -> Tensor:
    """An image whose intensity lies from 0 to 2; of a complex one the magnitude."""
    return x * (TOP / x.abs().clamp_min(TOP)) if x.is_complex() else x.clamp(0, TOP)
