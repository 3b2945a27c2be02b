"""The embedded scan: a measured one-channel head, seen by simulated coils; it needs no download."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Annotated

import torch
from annotated_types import Ge

from mridiff.interfaces import Dataset, Scan
from mridiff_sdk.fourier import ifft
from mridiff_sdk.io import open_hdf5

from . import options
from .acquisition import Acquisition
from .simulation import Simulation

__all__ = ["Brain", "head"]

Acceleration = Annotated[float, Ge(1), "undersampling: all samples over samples kept; 1 = full"]


@dataclass(kw_only=True, eq=False)
class Brain(options.CoilArray, options.Sampling, Dataset):
    """One scan: a measured complex head (sagittal T1 spin echo, 256 x 256, one channel), whose coil maps are simulated.

    The truth "x" is the measured image with its own noise. Origin and licence are in `data/brain.txt`.
    """

    acceleration: Acceleration = 4.0
    noise_std: options.NoiseStd = 0.005

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Scan:
        """The scan, under index 0 (or -1)."""
        if index not in (0, -1):
            raise IndexError(f"the embedded brain is one scan; there is no index {index}")
        raw = Simulation(self.coils, self.coil_seed).raw("the embedded brain", head())
        return Acquisition.of(self).scan(raw, "brain")


def head() -> torch.Tensor:
    """The image (y, x), complex, as measured; arbitrary units."""
    with as_file(files(__package__) / "data" / "brain.h5") as path, open_hdf5(path) as file:
        pairs = torch.from_numpy(file.read("kspace_int16")).float()
    return ifft(torch.view_as_complex(pairs))
