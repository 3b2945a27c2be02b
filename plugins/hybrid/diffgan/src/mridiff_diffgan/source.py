"""Source: pairs of an image and its zero-filled reconstruction, undersampled on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from mridiff.interfaces import Streams
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.sampling_patterns import mask as draw_mask
from mridiff_sdk.training import Batch
from mridiff_sdk.training_data import PoolSource, coarse

CENTRE = 0.08
"""Share of the lines that lies in the fully sampled centre of k-space."""


class PairSource:
    """Images x of `size` pixels and c = F^H M (F x + n): random lines, noise of up to `noise` per complex number.

    The field of view is a square of the slice, `crops` pixels wide, one of them for each image; its k-space is cropped to `size`. So heads
    fill the image, or stand in it, or go beyond it, as they do in measurements. Both x and c are divided by the 99th percentile of |c|,
    which is known when a scan is reconstructed. A pair depends on (seed, update, place) alone.
    """

    def __init__(self, files: Sequence[Path], size: int, seed: int = 0, *, crops: Sequence[int], acceleration: float = 4.0,
                 noise: float = 0.02, grain: float = 0.01) -> None:  # fmt: skip
        self.images = [PoolSource(files, crop, seed, grain) for crop in crops]
        self.size, self.seed, self.acceleration, self.noise = size, seed, acceleration, noise

    def pair(self, step: int, place: int) -> tuple[Tensor, Tensor]:
        """x and c, each complex (y, x)."""
        rng = Streams.of(self.seed, f"pair {step}", [place])
        x = coarse(torch.from_numpy(self.images[int(rng.integers(0, len(self.images)))].sample(step, place)), self.size)
        size = (self.size, self.size)
        mask = draw_mask("random", size, self.acceleration, CENTRE, int(rng.integers(0, 2**31)))
        n = self.noise * rng.uniform(()) * rng.normal(size)[0]
        return normalised(x, ifft(mask * (fft(x) + n)))

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`: truth "x" and "condition", each (sample, y, x)."""
        x, c = zip(*(self.pair(step, i) for i in samples), strict=True)
        return Batch(truth={"x": torch.stack(x), "condition": torch.stack(c)})


def normalised(x: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Both (y, x) divided by the 99th percentile of |c|."""
    scale = c.abs().flatten().quantile(0.99).clamp_min(1e-6)
    return x / scale, c / scale
