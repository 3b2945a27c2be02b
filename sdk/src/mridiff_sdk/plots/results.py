"""Pictures of what a method made of a scan: what the pipeline has, as the drawings want it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mridiff.interfaces import Scan
from mridiff.pipeline.method import Reconstruction

from .overview import draw_overview


def overview(path: Path, result: Reconstruction, scan: Scan) -> None:
    """Write the overview of a result as PNG; the scan's reference is shown where it lies in the scored space."""
    mask, truth, geometry = scan.measured.acquisition.get("mask"), scan.truth.get("x"), scan.measured.geometry
    if truth is not None and truth.data.shape[1:] != result.x.shape[1:]:
        truth = None
    draw_overview(path, title=result.scan, axes=result.axes, result=result.x[0].numpy(),
                  reference=None if truth is None else truth.data[0].numpy(),
                  baseline=None if result.baseline is None else result.baseline[0].numpy(), baseline_name=result.baseline_name,
                  std=None if result.std is None else result.std.numpy(), maps=_maps(result), found=_found(result), metrics=result.metrics,
                  sampling=None if mask is None else np.asarray(mask.data[0]),
                  voxel_size=None if geometry is None else geometry.voxel_size)  # fmt: skip


def _found(result: Reconstruction) -> dict[str, tuple[NDArray[Any], str]]:
    """What the sampler found besides, on the grid of the result, in the mean of the samples; not what it began with."""
    fields = {name: f for name, f in result.outputs.items() if name != "baseline" and f.axes == result.axes}
    return {name: (f.data.mean(0).numpy(), f.unit) for name, f in fields.items() if f.data.shape[1:] == result.x.shape[1:]}


def _maps(result: Reconstruction) -> dict[str, tuple[NDArray[Any], str]]:
    """What several samples say of themselves beside their standard deviation, each with a line about it."""
    found, share = {name: array.numpy() for name, array in result.maps.items()}, result.metrics.get("uncertainty", {})
    shown = {"interval": ((found["upper"] - found["lower"]) / 2, "half the width of 90 %, not calibrated")} if "upper" in found else {}
    if "null_space" in found:
        shown["null space"] = found["null_space"], f"the data leave open {share['null_space']:.1%} of the energy"
        shown["uncertainty there"] = found["null_space_std"], f"{share['null_space_std']:.0%} of the variance"
    return shown
