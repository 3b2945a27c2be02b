"""Output: what a calibration says of a result, in a file beside it."""

from __future__ import annotations

from pathlib import Path

import h5py
import torch

from mridiff.errors import boundary
from mridiff.io.atomic import write_atomically
from mridiff.pipeline.method import Reconstruction

from ..io.hdf5 import open_hdf5
from ..plots.comparison import draw_comparison
from .calibration import Calibration


def write_intervals(path: Path, reconstruction: Path, calibration: Calibration, score: float | None = None) -> None:
    """An HDF5 file with `lower` and `upper` (*axes) from the samples of another, and beside it a PNG of both about the mean.

    Attributes are level and confidence, and a `misfit` with the share of the calibration's scans below it, `misfit_above`.
    """
    result = read_result(reconstruction, path.parent.name)
    lower, upper = calibration.bounds(result.samples)
    with write_atomically(path) as temporary, h5py.File(temporary, "w") as file:
        file["lower"], file["upper"] = lower.numpy(), upper.numpy()
        file.attrs.update(axes=list(result.axes), level=calibration.level, confidence=calibration.confidence, factor=calibration.factor)
        if score is not None:
            file.attrs.update(misfit=score, misfit_above=calibration.unusual(score))
    mean = result.x[0].abs() if result.x.is_complex() else result.x[0]
    shown = {"lower": lower, "mean": mean, "upper": upper, "upper - lower": upper - lower}
    title = f"{path.parent.name}: {calibration.level:.0%} of the pixels lie between lower and upper"
    draw_comparison(path.with_suffix(".png"), title=title, axes=result.axes, reference=None, metrics={}, cost={},
                    results={name: values.numpy() for name, values in shown.items()})  # fmt: skip


def read_result(path: Path, scan: str) -> Reconstruction:
    """The samples and scale of a `reconstruction.h5`, and their mean, as the result of a scan."""
    with boundary(f"{path} cannot be read"), open_hdf5(path) as file:
        samples, about = torch.from_numpy(file.read("samples")), file.attributes()
        axes, scale = tuple(str(axis) for axis in about["axes"]), float(about["scale"])
    return Reconstruction(scan, samples.mean(0, keepdim=True), samples, axes, scale)
