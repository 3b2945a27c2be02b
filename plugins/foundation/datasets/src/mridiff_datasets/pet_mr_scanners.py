"""Scanners: what PET and MR measure of a pair of images, simulated with the model that inverts it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.interfaces import Blocks, Field, Gaussian, Measured, Poisson, Streams
from mridiff_sdk.fourier import fft
from mridiff_sdk.operators import Radon
from mridiff_sdk.sampling_patterns import mask as draw_mask

from .subjects import Seed

LINES = 0.08
"""Share of k-space lines in its fully sampled centre."""


@dataclass(kw_only=True, eq=False)
class Scanners:
    """The options of both, and what they measure."""

    counts: Annotated[float, Gt(0), "true counts of PET: in a scan of a typical subject, or in that slice of a file which has the most"] = (
        1e4
    )
    background: Annotated[float, Gt(0), "randoms and scatter, even over all bins, as a share of the true counts"] = 0.1
    angles: Annotated[int, Ge(1), "projections, even over half a turn"] = 60
    acceleration: Annotated[float, Ge(1), "MR: number of lines over lines sampled"] = 3.0
    pattern: Annotated[Literal["random", "equispaced-fraction"], "MR: how lines are chosen outside of the centre"] = "random"
    noise_std: Annotated[float, Ge(0), "MR: standard deviation of the noise per complex sample, in units of the image"] = 0.02
    seed: Seed = 0

    def simulated(self, x: Tensor, activity: float, name: str, number: int) -> Measured:
        """y = (Poisson(s P u + b), M (F v + n)) of a pair x = (u, v), real (1, modality, y, x), of about 0 to 1.

        An `activity` of so much, summed over pixels, would give `counts`; noise by name, mask by number. Acquisition: `angles` (angle),
        `mask` (ky, kx), `scale` (modality).
        """
        ny, nx = x.shape[-2:]
        bins = 2 * math.ceil(math.hypot(ny, nx) / 2)
        taken = draw_mask(self.pattern, (ny, nx), self.acceleration, LINES, number) if self.acceleration > 1 else torch.ones(ny, nx)
        mask = taken[None].float()
        angles = (torch.arange(self.angles) * (math.pi / self.angles))[None]
        scale = torch.tensor([[self.counts / (self.angles * activity), 1.0]])
        noise = Blocks((Poisson(self.background * self.counts / (self.angles * bins)), Gaussian(self.noise_std or None)))
        rng = Streams.of(self.seed, name).child("noise")
        mean, k = Radon((ny, nx), angles, bins, scale[:, 0])(x[:, 0]), mask * fft(x[:, 1])
        counts, n_k = noise.parts[0].draw(mean, rng.child("pet")), self.noise_std * rng.child("mr").normal_like(k)
        fields = {"angles": Field(angles, ("angle",), "rad"), "mask": Field(mask, ("ky", "kx")), "scale": Field(scale, ("modality",))}
        return Measured((counts, k + mask * n_k), noise, fields)

    def told(self, size: tuple[int, int]) -> dict[str, dict[str, int]]:
        """The axes and sizes of all that is measured of images of `size` (y, x)."""
        space = dict(zip(("ky", "kx"), size, strict=True))
        bins = 2 * math.ceil(math.hypot(*size) / 2)
        return {
            "y0": {"angle": self.angles, "bin": bins},
            "y1": space,
            "angles": {"angle": self.angles},
            "mask": space,
            "scale": {"modality": 2},
        }
