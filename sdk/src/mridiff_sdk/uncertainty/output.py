"""Output: the bounds of a result, in a file beside it."""

from __future__ import annotations

from pathlib import Path

import h5py
import torch

from mridiff.errors import boundary
from mridiff.io.atomic import write_atomically

from ..io.hdf5 import open_hdf5
from .calibration import Calibration


def write_intervals(path: Path, reconstruction: Path, calibration: Calibration) -> None:
    """An HDF5 file with `lower` and `upper` (*axes) from the samples of another, level and confidence as attributes."""
    with boundary(f"{reconstruction} cannot be read"), open_hdf5(reconstruction) as file:
        samples, axes = torch.from_numpy(file.read("samples")), [str(axis) for axis in file.attributes()["axes"]]
    lower, upper = calibration.bounds(samples)
    with write_atomically(path) as temporary, h5py.File(temporary, "w") as file:
        file["lower"], file["upper"] = lower.numpy(), upper.numpy()
        file.attrs.update(axes=axes, level=calibration.level, confidence=calibration.confidence, factor=calibration.factor)
