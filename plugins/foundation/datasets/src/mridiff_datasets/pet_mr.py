"""Simulated pairs: the counts of a PET scan and the undersampled k-space of an MR scan of one head; they need no file."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Blocks, Field, Gaussian, Measured, Poisson, Scan, Streams
from mridiff_sdk.fourier import fft
from mridiff_sdk.operators import Radon
from mridiff_sdk.sampling_patterns import mask as draw_mask

from .pet_mr_head import Contrast, Phantom
from .subjects import Count, First, Seed, Subjects

__all__ = ["ACTIVITY", "PetMrPhantom"]

ACTIVITY = 0.19
"""The mean of the activity of a typical subject over the field of view, which makes a number of counts a duration of the scan."""
LINES = 0.08
"""Share of k-space lines in its fully sampled centre."""


class PetMrPhantom(Subjects):
    """Scan i is subject `first` + i: y = (Poisson(s P u + b), M (F v + n)), all of it drawn from the subject's number and the seed.

    Acquisition: `angles` (angle), `mask` (ky, kx), `scale` (modality). Truth: "x" and "lesion" (modality, y, x), where each
    modality has spots that the other has not. Modality 0 is PET, 1 is MR.
    """

    def __init__(
        self,
        *,
        subjects: Count = 1,
        first: First = 0,
        size: Annotated[int, Ge(16), Le(256), "pixels of each side"] = 64,
        contrast: Annotated[Contrast, "brightness of tissues: as in a brain, or almost any"] = "brain",
        counts: Annotated[float, Gt(0), "true counts of PET in a scan of a typical subject"] = 1e4,
        background: Annotated[float, Gt(0), "randoms and scatter, even over all bins, as a share of the true counts"] = 0.1,
        angles: Annotated[int, Ge(1), "projections, even over half a turn"] = 60,
        acceleration: Annotated[float, Ge(1), "MR: number of lines over lines sampled"] = 3.0,
        pattern: Annotated[Literal["random", "equispaced-fraction"], "MR: how lines are chosen outside of the centre"] = "random",
        noise_std: Annotated[float, Ge(0), "MR: standard deviation of the noise per complex sample, in units of the image"] = 0.02,
        seed: Seed = 0,
    ) -> None:
        self.subjects, self.first, self.size, self.contrast, self.seed = subjects, first, size, contrast, seed
        self.counts, self.background, self.angles = counts, background, angles
        self.acceleration, self.pattern, self.noise_std = acceleration, pattern, noise_std

    def scan(self, subject: int) -> Scan:
        """The scan of one subject."""
        head = Phantom(self.size, self.seed, self.contrast).head(subject)
        measured = self.measure(head.images[None], f"pet-mr-phantom-{subject}", subject)
        truth = {"x": Field(head.images[None], ("modality", "y", "x")), "lesion": Field(head.spots[None], ("modality", "y", "x"))}
        return Scan(f"pet-mr-phantom-{subject}", measured, truth)

    def measure(self, x: Tensor, name: str, number: int) -> Measured:
        """What both scanners measure of a pair x, real (1, modality, y, x); noise by name, mask by number."""
        n, bins = x.shape[-1], 2 * math.ceil(x.shape[-1] / math.sqrt(2))
        taken = draw_mask(self.pattern, (n, n), self.acceleration, LINES, number) if self.acceleration > 1 else torch.ones(n, n)
        mask = taken[None].float()
        angles = (torch.arange(self.angles) * (math.pi / self.angles))[None]
        scale = torch.tensor([[self.counts / (self.angles * ACTIVITY * n**2), 1.0]])
        noise = Blocks((Poisson(self.background * self.counts / (self.angles * bins)), Gaussian(self.noise_std or None)))
        rng = Streams.of(self.seed, name).child("noise")
        mean, k = Radon((n, n), angles, bins, scale[:, 0])(x[:, 0]), mask * fft(x[:, 1])
        counts, n_k = noise.parts[0].draw(mean, rng.child("pet")), self.noise_std * rng.child("mr").normal_like(k)
        fields = {"angles": Field(angles, ("angle",), "rad"), "mask": Field(mask, ("ky", "kx")), "scale": Field(scale, ("modality",))}
        return Measured((counts, k + mask * n_k), noise, fields)
