"""Source: pairs of an image and its zero-filled reconstruction, undersampled on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from mridiff.interfaces import Streams
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.sampling_patterns import mask as draw_mask
from mridiff_sdk.training import Batch
from mridiff_sdk.training_data import PoolSource, coarse

CENTRE = 0.08
"""Share of the lines that lies in the fully sampled centre of k-space."""


class PairSource:
    """Images x of `size` pixels and c = sum_c S_c^H F^H M (F S_c x + n): random lines, noise of up to `noise` per complex number.

    Rate and number of coils are drawn for each image, from `accelerations` and `coils`; one coil has no map.

    The field of view is a square of the slice, `crops` pixels wide, one of them for each image; its k-space is cropped to `size`. So heads
    fill the image, or stand in it, or go beyond it, as they do in measurements. Both x and c are divided by the 99th percentile of |c|,
    which is known when a scan is reconstructed. A pair depends on (seed, update, place) alone.
    """

    def __init__(self, files: Sequence[Path], size: int, seed: int = 0, *, crops: Sequence[int],
                 accelerations: Sequence[float] = (4.0,), coils: Sequence[int] = (1,), noise: float = 0.02,
                 grain: float = 0.01) -> None:  # fmt: skip
        self.images = [PoolSource(files, crop, seed, grain) for crop in crops]
        self.size, self.seed, self.noise, self.accelerations, self.coils = size, seed, noise, accelerations, coils

    def pair(self, step: int, place: int) -> tuple[Tensor, Tensor]:
        """x and c, each complex (y, x)."""
        rng = Streams.of(self.seed, f"pair {step}", [place])
        x = coarse(torch.from_numpy(self.images[int(rng.integers(0, len(self.images)))].sample(step, place)), self.size)
        size = (self.size, self.size)
        coils = self.coils[int(rng.integers(0, len(self.coils)))]
        R = self.accelerations[int(rng.integers(0, len(self.accelerations)))]
        mask = draw_mask("random", size, R, CENTRE, int(rng.integers(0, 2**31)))
        S = simulate_maps(coils, size, int(rng.integers(0, 2**31))) if coils > 1 else torch.ones((1, 1, 1), dtype=x.dtype)
        n = self.noise * rng.uniform(()) * rng.normal((coils, *size))[0]
        return normalised(x, (S.conj() * ifft(mask * (fft(S * x) + n))).sum(0))

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`: truth "x" and "condition", each (sample, y, x)."""
        x, c = zip(*(self.pair(step, i) for i in samples), strict=True)
        return Batch(truth={"x": torch.stack(x), "condition": torch.stack(c)})


def normalised(x: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Both (y, x) divided by the 99th percentile of |c|."""
    scale = c.abs().flatten().quantile(0.99).clamp_min(1e-6)
    return x / scale, c / scale
