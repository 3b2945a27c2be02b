"""Whole slices for training: the full field of view at a lower resolution, alone or as coils see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from ..coils.simulate import simulate_maps
from ..fourier import fft, ifft
from ..training import Batch
from .augment import Complex
from .source import PoolSource

Seen = Literal["body", "mixed", "coils"]


@dataclass(frozen=True)
class WholeSlices:
    """A stage of training: `batch` slices of `size` pixels in each of `updates`, with up to `grain` of noise left in the truth."""

    size: int
    batch: int
    updates: int
    grain: float = 0.0


class WholeSource:
    """Slices of a pool at `size` pixels, their k-space cropped; a sample depends on (seed, update, place in the batch) alone.

    What undersampling does to an image depends on all of it, so nothing is cut out, unlike in PoolSource, whose variations are used.
    `seen`: "body", the image; "mixed", in one of two cases the image of one coil; "coils", the images of all (sample, coil, y, x), or,
    in a `single` part of the cases, the image in the first and nothing in the others. Coil maps are drawn from `sets` simulated
    arrays of `coils`. For more variety, `zoom` is the smallest share of each side that is kept (a head then may fill the field of view, or
    leave it), and `rough` the largest standard deviation, in radians, of a fine phase (3 to 8 pixels wide), as vessels and borders have.
    """

    def __init__(self, files: Sequence[Path], size: int, seed: int = 0, grain: float = 0.0, *, seen: Seen = "body", coils: int = 8,
                 sets: int = 16, single: float = 0.0, zoom: float = 1.0, rough: float = 0.0) -> None:  # fmt: skip
        full = int(np.load(files[0], mmap_mode="r").shape[-1])
        self.inner = PoolSource(files, full, seed, grain)
        self.size, self.seed, self.seen, self.single, self.zoom, self.rough = size, seed, seen, single, zoom, rough
        arrays = [simulate_maps(coils, (size, size), 1000 * seed + i) for i in range(sets)] if seen != "body" else []
        self.maps = torch.stack(arrays) if arrays else None

    def sample(self, step: int, place: int) -> Tensor:
        """One image (y, x), or the images of all coils (coil, y, x)."""
        x = coarse(torch.from_numpy(self.varied(step, place)), self.size)
        if self.maps is None:
            return x
        rng = np.random.default_rng((self.seed, step, place, 1))
        maps = self.maps[int(rng.integers(len(self.maps)))]
        if self.seen == "coils":
            alone = torch.cat([x[None], torch.zeros_like(maps[1:])])
            return alone if rng.random() < self.single else maps * x
        return maps[int(rng.integers(len(maps)))] * x if rng.random() < 0.5 else x

    def varied(self, step: int, place: int) -> Complex:
        """A slice (y, x) of the pool, zoomed in and with a fine phase where that is asked for."""
        x, rng = self.inner.sample(step, place), np.random.default_rng((self.seed, step, place, 2))
        full = len(x)
        kept = max(round(full * rng.uniform(self.zoom, 1)), self.size)
        top, left = (int(i) for i in rng.integers(0, full - kept + 1, 2))
        x = x[top : top + kept, left : left + kept]
        if not self.rough:
            return x
        angle = gaussian_filter(rng.standard_normal(x.shape), rng.uniform(1, 3))
        angle *= self.rough * rng.random() / angle.std()
        return np.asarray(x * np.exp(1j * angle), dtype=np.complex64)

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`: truth "x" (sample, [coil,] y, x)."""
        return Batch(truth={"x": torch.stack([self.sample(step, i) for i in samples])})


def coarse(x: Tensor, size: int) -> Tensor:
    """The image (y, x) at `size` pixels, its intensity kept: the centre of its k-space."""
    start = x.shape[-1] // 2 - size // 2
    cut = slice(start, start + size)
    return ifft(fft(x)[cut, cut]) * (size / x.shape[-1])
