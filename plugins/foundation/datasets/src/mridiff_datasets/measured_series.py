"""Measured series: images of one slice over inversion or echo times, or over a heart beat, undersampled from frame to frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from torch import Tensor

from mridiff.interfaces import Dataset, Field, Gaussian, Measured, Scan, Streams
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft
from mridiff_sdk.held_out import data_folder
from mridiff_sdk.io import open_hdf5
from mridiff_sdk.sampling_patterns import interleaved

from . import options
from .cine import Acceleration, CenterLines
from .held_out import Folder
from .nifti import NIfTI
from .npz import open_npz

__all__ = ["MeasuredSeries"]

SLICES = 7
NAMES = {"t2star": tuple(f"{i:03d}" for i in range(SLICES)), "t1": ("head",), "cine": ("rat",),
         "multi-echo": ("short_axis", "four_chamber", "coronal_heart_liver", "short_axis_darkblood")}  # fmt: skip
"""The series of each source."""
DECAYS = torch.logspace(-2, 0.5, 128, dtype=torch.float64)
"""Relaxation from one echo to the next, R2* times their distance, of a dictionary."""
T1 = torch.logspace(math.log10(150), math.log10(5000), 128, dtype=torch.float64)
"""In milliseconds."""

Source = Annotated[
    Literal["t2star", "t1", "multi-echo", "cine"],
    "12 gradient echoes of a head, 9 inversion times of another, 8 complex echoes of a heart in 4 planes, 8 frames of the heart of a rat",
]
Count = Annotated[int, Ge(1), "at most so many series, evenly spread"]
Rank = Annotated[int, Ge(1), Le(8), "vectors of the temporal basis, for t2star and t1"]


@dataclass(kw_only=True, eq=False)
class MeasuredSeries(options.CoilArray, Dataset):
    """Series of measured images (t, y, x), seen by simulated coils: y (coil, t, ky, kx), `mask` (t, ky, kx), the series as truth "x".

    Of `t2star` and `t1` a scan has a `basis` (t, channel) for `subspace-sense`: the vectors that best span exp(-r t), the same from echo
    to echo because the times of the echoes are not known, or |1 - 2 exp(-TI / T1)|, magnitudes as they were stored. The
    `echo_times` of `t2star` count echoes, those of `multi-echo` are in milliseconds. Lines are interleaved over time, as in `cine`. The
    largest magnitude is 1.
    """

    path: Folder = field(default=None, kw_only=False)
    source: Source = "t2star"
    count: Count = SLICES
    acceleration: Acceleration = 4
    center_lines: CenterLines = 8
    rank: Rank = 4
    noise_std: options.NoiseStd = 0.005
    mask_seed: options.MaskSeed = 0

    def __post_init__(self) -> None:
        self.folder = data_folder(self.path)
        names = NAMES[self.source]
        count = min(self.count, len(names))
        self.names = [names[(2 * i + 1) * len(names) // (2 * count)] for i in range(count)]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Scan:
        """One series; raises DataError where the folder lacks its file."""
        name = self.names[index]
        x, more = READ[self.source](self.folder, name, self.rank)
        x = (x / x.abs().max()).to(torch.complex64)[None]
        maps = simulate_maps(self.coils, (x.shape[-2], x.shape[-1]), self.coil_seed)[None]
        rng = Streams.of(self.mask_seed, f"{self.source}/{name}")
        first = int(rng.child("mask").integers(0, self.acceleration))
        mask = interleaved(tuple(x.shape[1:]), self.acceleration, self.center_lines, first=first)[None].to(torch.float32)
        y = fft(maps[:, :, None] * x[:, None])
        y = mask[:, None] * (y + self.noise_std * rng.child("noise").normal_like(y))
        acquisition = {"mask": Field(mask, ("t", "ky", "kx")), "sensitivity_maps": Field(maps, ("coil", "y", "x")), **more}
        return Scan(f"{self.source}/{name}", Measured(y, Gaussian(self.noise_std or None), acquisition), {"x": Field(x, ("t", "y", "x"))})


def _t2star(folder: Path, name: str, rank: int) -> tuple[Tensor, dict[str, Field]]:
    images = NIfTI(folder / "t2star_multiecho_brain" / "mag_12echo.nii.gz", coils=1, slices=f"{int(name)}::{SLICES}")
    x = torch.stack([scan.truth["x"].data[0] for scan in images])
    echoes = torch.arange(len(x), dtype=torch.float64)
    return x, {**_basis(torch.exp(-DECAYS * echoes[:, None]), rank), "echo_times": Field(echoes.float()[None], ("t",), "echo")}


def _t1(folder: Path, name: str, rank: int) -> tuple[Tensor, dict[str, Field]]:  # noqa: ARG001 - one slice of one head
    with open_npz(folder / "t1map_ir_brain" / "ir_brain.npz") as file:
        x, times = (torch.from_numpy(file.read(n).copy()) for n in ("magnitude", "TI_ms"))
    return x, _basis((1 - 2 * torch.exp(-times.double()[:, None] / T1)).abs(), rank)


def _multi_echo(folder: Path, name: str, rank: int) -> tuple[Tensor, dict[str, Field]]:  # noqa: ARG001 - fat and water need no one basis
    with open_hdf5(folder / "multiecho_complex_cardiac" / f"{name}.h5") as file:
        x, times = (torch.from_numpy(file.read(n)) for n in ("image", "TE_s"))
    return x, {"echo_times": Field(1000 * times.float()[None], ("t",), "ms")}


def _cine(folder: Path, name: str, rank: int) -> tuple[Tensor, dict[str, Field]]:  # noqa: ARG001 - one rat, and no model of its heart
    with open_npz(folder / "cine_rat" / "cine.npz") as file:
        return torch.from_numpy(file.read("magnitude").copy()), {}


def _basis(dictionary: Tensor, rank: int) -> dict[str, Field]:
    """The orthonormal vectors (t, channel), `rank` of them, that best span the columns of a dictionary."""
    vectors = torch.linalg.svd(dictionary, full_matrices=False)[0][:, :rank]
    return {"basis": Field((vectors * torch.where(vectors[:1] < 0, -1, 1)).float()[None], ("t", "channel"))}


READ: Mapping[str, Callable[[Path, str, int], tuple[Tensor, dict[str, Field]]]] = {
    "t2star": _t2star, "t1": _t1, "multi-echo": _multi_echo, "cine": _cine}  # fmt: skip
"""The images (t, y, x) of a series, and what else of the acquisition is known, by source."""
