"""Cine scans of drawn chests with a beating heart: k-t undersampled, one combined coil; they need no file."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le

from mridiff.interfaces import Field, Gaussian, Measured, Scan, Streams
from mridiff_sdk.fourier import fft
from mridiff_sdk.sampling_patterns import interleaved, spokes

from .beating_heart import BeatingHeart
from .subjects import Count, First, Seed, Subjects

__all__ = ["Cine"]

Size = Annotated[int, Ge(8), Le(512), "pixels of each side"]
Frames = Annotated[int, Ge(1), Le(256), "frames of one heart beat"]
Pattern = Annotated[Literal["interleaved", "radial"], "a comb of lines that moves over time, or spokes at golden angles on the grid"]
Acceleration = Annotated[int, Ge(1), "interleaved: a frame takes every n-th line; radial: it has size / acceleration spokes"]
CenterLines = Annotated[int, Ge(0), "interleaved: fully sampled lines about the origin of ky in every frame, on top of the comb"]
NoiseStd = Annotated[float, Ge(0), "standard deviation of the noise per complex sample, over the largest magnitude of the series"]


class Cine(Subjects):
    """Simulated breath-hold cine of one coil: y_f = M_f (F x_f + n), frame by frame, with samples interleaved over time.

    Scan i is subject `first` + i; a subject's anatomy and noise depend on its number and the seed alone, so that ranges of numbers
    make disjoint splits. y and `mask` have axes (t, ky, kx), the truth "x" (t, y, x).
    """

    def __init__(
        self,
        *,
        subjects: Count = 1,
        first: First = 0,
        frames: Frames = 16,
        size: Size = 64,
        pattern: Pattern = "interleaved",
        acceleration: Acceleration = 4,
        center_lines: CenterLines = 8,
        noise_std: NoiseStd = 0.005,
        seed: Seed = 0,
    ) -> None:
        self.subjects, self.first, self.frames, self.size = subjects, first, frames, size
        self.noise_std, self.seed = noise_std, seed
        shape = (frames, size, size)
        radial = pattern == "radial"
        self.mask = spokes(shape, max(1, round(size / acceleration))) if radial else interleaved(shape, acceleration, center_lines)

    def scan(self, subject: int) -> Scan:
        """The scan of one subject."""
        name = f"cine-{subject}"
        x = BeatingHeart(subject, self.seed).series(self.frames, self.size)[None]
        std = self.noise_std * float(x.abs().max())
        noise = std * Streams.of(self.seed, name).child("noise").normal_like(x)
        mask = self.mask[None].to(torch.float32)
        measured = Measured(mask * (fft(x) + noise), Gaussian(std or None), {"mask": Field(mask, ("t", "ky", "kx"))})
        return Scan(name, measured, {"x": Field(x, ("t", "y", "x"))})
