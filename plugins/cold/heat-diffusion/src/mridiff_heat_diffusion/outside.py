"""Outside: errors where lines are missing, and of what was measured."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff import Reconstruction
from mridiff.interfaces import Scan
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.coils import calibration_region
from mridiff_sdk.fourier import fft


def outside(result: Reconstruction, scan: Scan) -> float:
    """||F (x - truth)||^2 / ||F truth||^2 over k-space outside of the calibration block of the scan, of complex images."""
    (mask,), truth = scan.measured.require("mask"), scan.truth["x"].data
    beyond = torch.ones_like(mask[0], dtype=torch.bool)
    beyond[calibration_region(mask[0] > 0)] = False
    error, whole = (energy(fft(x)[..., beyond]) for x in (result.x - truth, truth))
    return error / whole


def misfit(result: Reconstruction, scan: Scan) -> float:
    """||A x - y|| / ||y||, A with the coil maps of the scan."""
    y = scan.measured.y
    assert isinstance(y, Tensor)
    return float((energy(SenseOperator.for_scan(scan.measured)(result.x) - y) / energy(y)) ** 0.5)


def energy(x: Tensor) -> float:
    """||x||^2."""
    return float(x.abs().square().sum())
