"""Cine scans seen by several coils: the beating heart of `cine`, on the grid or along spokes that turn from frame to frame."""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Ge

from mridiff.interfaces import Field, Gaussian, Measured, Scan, Streams
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft
from mridiff_sdk.nufft import nufft
from mridiff_sdk.sampling_patterns import radial

from .beating_heart import BeatingHeart
from .cine import Acceleration, CenterLines, Cine, Frames, NoiseStd, Pattern, Size
from .options import Coils, CoilSeed
from .subjects import Count, First, Seed, Subjects

__all__ = ["CoilCine", "NonCartesianCine"]

Spokes = Annotated[int, Ge(1), "spokes of each frame; full sampling of one takes pi/2 per pixel of a side"]


class CoilCine(Cine):
    """The scans of `cine` seen by several coils: y (coil, t, ky, kx), `sensitivity_maps` (coil, y, x) the same at all times."""

    def __init__(self, *, coils: Coils = 8, coil_seed: CoilSeed = 0, subjects: Count = 1, first: First = 0, frames: Frames = 16,
                 size: Size = 64, pattern: Pattern = "interleaved", acceleration: Acceleration = 8, center_lines: CenterLines = 4,
                 noise_std: NoiseStd = 0.005, seed: Seed = 0) -> None:  # fmt: skip
        super().__init__(subjects=subjects, first=first, frames=frames, size=size, pattern=pattern, acceleration=acceleration,
                         center_lines=center_lines, noise_std=noise_std, seed=seed)  # fmt: skip
        self.maps = simulate_maps(coils, (size, size), coil_seed)[None]

    def scan(self, subject: int) -> Scan:
        """The scan of one subject."""
        name = f"cine-{subject}"
        x = BeatingHeart(subject, self.seed).series(self.frames, self.size)[None]
        std = self.noise_std * float(x.abs().max())
        y = fft(self.maps[:, :, None] * x[:, None])
        mask = self.mask[None].to(torch.float32)
        y = mask * (y + std * Streams.of(self.seed, name).child("noise").normal_like(y))
        acquisition = {"mask": Field(mask, ("t", "ky", "kx")), "sensitivity_maps": Field(self.maps.clone(), ("coil", "y", "x"))}
        return Scan(name, Measured(y, Gaussian(std or None), acquisition), {"x": Field(x, ("t", "y", "x"))})


class NonCartesianCine(Subjects):
    """The hearts of `cine` along spokes at golden angles, which go on from frame to frame: y (coil, t, shot, readout)."""

    def __init__(self, *, coils: Coils = 8, coil_seed: CoilSeed = 0, subjects: Count = 1, first: First = 0, frames: Frames = 16,
                 size: Size = 64, spokes: Spokes = 13, noise_std: NoiseStd = 0.005, seed: Seed = 0) -> None:  # fmt: skip
        self.subjects, self.first, self.frames, self.size = subjects, first, frames, size
        self.noise_std, self.seed = noise_std, seed
        self.maps = simulate_maps(coils, (size, size), coil_seed)[None]
        self.places = radial(frames * spokes, 2 * size, float(size))[0].unflatten(0, (frames, spokes))

    def scan(self, subject: int) -> Scan:
        """The scan of one subject."""
        name = f"cine-{subject}"
        x = BeatingHeart(subject, self.seed).series(self.frames, self.size)[None]
        std = self.noise_std * float(x.abs().max())
        seen = self.maps[0, :, None] * x
        y = torch.stack([nufft(seen[:, f], k) for f, k in enumerate(self.places)], 1)[None]
        y = y + std * Streams.of(self.seed, name).child("noise").normal_like(y)
        acquisition = {"trajectory": Field(self.places[None].clone(), ("t", "shot", "readout", "channel")),
                       "sensitivity_maps": Field(self.maps.clone(), ("coil", "y", "x"))}  # fmt: skip
        return Scan(name, Measured(y, Gaussian(std or None), acquisition), {"x": Field(x, ("t", "y", "x"))})
