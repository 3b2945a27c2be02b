"""Echo-planar head: a measured head in its measured field, as an echo-planar train would displace it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.interfaces import Dataset, Field, Gaussian, Measured, Scan, Space, Streams
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.held_out import data_folder
from mridiff_sdk.operators import EchoPlanar

from . import options
from .held_out import Count, Folder
from .nifti import NIfTI

__all__ = ["EchoPlanarHead"]

FOLDER = "t1_fieldmap_dwi_same_subject"
HALF_TURN = 4096
"""What stands for pi in the file of phase differences, whose echoes are 2.46 ms apart: the field is known between -203 and 203 Hz."""
APART = 2.46e-3
SLICES = range(6, 28)
"""Of 33, those of the brain."""
AIR = 0.1
"""Of the 99th percentile of the magnitude: below, the phase is noise and the field counts as 0."""

Every = Annotated[int, Ge(1), "every so many lines along ky are taken"]
Spacing = Annotated[float, Gt(0), "seconds between neighbouring lines, missing ones counted"]


@dataclass(kw_only=True, eq=False)
class EchoPlanarHead(options.CoilArray, Dataset):
    """Slices of a head with its measured field map, seen by simulated coils through a simulated echo-planar train along ky.

    y (coil, ky, kx) lies displaced along y; the truth "x" is the undistorted image. The scan has `field_map` in Hz, `sample_times` in
    seconds (0 at the line through the origin) and `sensitivity_maps`, for `off-resonance-sense`. The field was measured with the
    images and is not unwrapped; that the train is simulated by the model that inverts it makes it an easy one.
    """

    path: Folder = field(default=None, kw_only=False)
    count: Count = 4
    acceleration: Every = 2
    echo_spacing: Spacing = 0.0005
    noise_std: options.NoiseStd = 0.005
    seed: options.MaskSeed = 0

    def __post_init__(self) -> None:
        self.folder = data_folder(self.path) / FOLDER
        self.slices = sorted({SLICES[int(len(SLICES) * (i + 0.5) / self.count)] for i in range(self.count)})

    def __len__(self) -> int:
        return len(self.slices)

    def __getitem__(self, index: int) -> Scan:
        """The scan of one slice; raises DataError where the folder lacks its files."""
        number = self.slices[index]
        x, phase = (self._slice(name, number) for name in ("gre_mag_e1", "gre_phasediff"))
        top = x.abs().quantile(0.99)
        hertz = torch.where(x.abs() > AIR * top, phase.real / (2 * HALF_TURN * APART), 0)[None]
        x, (ny, nx) = x[None] / top, x.shape
        maps = simulate_maps(self.coils, (ny, nx), self.coil_seed)[None]
        times = self.echo_spacing * (torch.arange(ny) - ny // 2)
        lines = (torch.arange(ny) % self.acceleration == (ny // 2) % self.acceleration).float()
        E = EchoPlanar(Space(("coil", "y", "x"), (self.coils, ny, nx)), hertz, times, lines[None])
        name, std = f"head/{number:03d}", self.noise_std * float(x.abs().max())
        mask = lines[:, None].expand(ny, nx)[None].clone()
        y = E(maps * x[:, None])
        y = y + mask * std * Streams.of(self.seed, name).child("noise").normal_like(y)
        acquisition = {"mask": Field(mask, ("ky", "kx")), "sensitivity_maps": Field(maps, ("coil", "y", "x")),
                       "field_map": Field(hertz, ("y", "x"), "Hz"),
                       "sample_times": Field(times[:, None].expand(ny, nx)[None].clone(), ("ky", "kx"), "s")}  # fmt: skip
        return Scan(name, Measured(y, Gaussian(std or None), acquisition), {"x": Field(x, ("y", "x"))})

    def _slice(self, name: str, number: int) -> Tensor:
        """One slice (y, x) of a volume, upright, complex64."""
        x: Tensor = NIfTI(self.folder / f"{name}.nii.gz", coils=1, slices=str(number))[0].truth["x"].data[0]
        return x
