"""Simulation: the k-space that an array of coils would have of an image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mridiff.interfaces import Field, Geometry
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft
from mridiff_sdk.io import afford_scan

from .raw import Raw

WAVES = 2
"""A smooth phase is a sum of cosines of at most this many half waves across the field of view."""


@dataclass(frozen=True)
class Simulation:
    """Simulated coils (unless maps are given), and a smooth phase with at most `phase` radians; all from `seed`."""

    coils: int = 8
    seed: int = 0
    phase: float = 0.0

    def raw(
        self, source: str, image: Tensor, *, maps: Tensor | None = None, mask: Tensor | None = None, geometry: Geometry | None = None
    ) -> Raw:
        """The full k-space of an image (y, x), complex or real, without noise; the image, where the maps see it, is the truth."""
        size = (image.shape[0], image.shape[1])
        afford_scan((self.coils if maps is None else len(maps), *size), source)
        x = image.to(torch.complex64)
        if self.phase > 0:
            x = x * torch.polar(torch.ones(size), self.phase * _smooth(size, self.seed))
        given = simulate_maps(self.coils, size, self.seed) if maps is None else maps
        rss = torch.linalg.vector_norm(given, dim=0)
        unit = torch.where(rss > 0, given / torch.where(rss > 0, rss, 1), 0)
        fits = unit.shape[1:] == x.shape
        kspace = fft(unit * x) if fits else fft(x)[None]  # maps of a wrong size are refused with all else that is wrong
        truth = {"x": Field(torch.where(rss > 0, x, 0)[None] if fits else x[None], ("y", "x"))}
        return Raw(source, kspace, mask=mask, support=torch.ones(size, dtype=torch.bool), maps=unit if fits else given, noise_std=0.0,
                   peak=float(x.abs().max()), truth=truth, geometry=geometry)  # fmt: skip


def _smooth(size: tuple[int, int], seed: int) -> Tensor:
    """A random smooth function (y, x) whose largest magnitude is one."""
    rng = torch.Generator().manual_seed(seed)
    y, x = (torch.linspace(0, math.pi, n, dtype=torch.float64) for n in size)
    total = torch.zeros(size, dtype=torch.float64)
    for i in range(WAVES + 1):
        for j in range(WAVES + 1):
            weight = torch.randn((), generator=rng, dtype=torch.float64)
            if i + j > 0:
                total += weight * torch.cos(i * y)[:, None] * torch.cos(j * x)
    return (total / total.abs().max().clamp_min(1e-12)).float()
