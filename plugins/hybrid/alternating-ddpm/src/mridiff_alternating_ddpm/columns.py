"""Columns: what runs with other seeds do."""

from __future__ import annotations

from mridiff import Reconstruction
from mridiff.interfaces import Scan
from mridiff_sdk.metrics import psnr
from mridiff_sdk.uncertainty import sharpness


def spread(result: Reconstruction, _: Scan) -> float:
    """Standard deviation of the magnitude from run to run, root mean square, in per cent of the largest magnitude of the mean."""
    return 100 * float(sharpness(result.samples)) / float(result.x.abs().max())


def each(result: Reconstruction, scan: Scan) -> float:
    """PSNR in dB of one run, mean over runs; NaN without a truth."""
    truth = scan.truth.get("x")
    return float("nan") if truth is None else float(psnr(result.samples, truth.data.expand_as(result.samples)).mean())
