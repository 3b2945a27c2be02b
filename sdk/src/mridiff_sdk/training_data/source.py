"""Source: batches for training, cropped and varied on the fly from a pool of slices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ..training import Batch
from .augment import Complex


class PoolSource:
    """Square crops of `crop` pixels from pool files (slice, 2, y, x); a sample depends on (seed, update, place in the batch) alone.

    `grain` is the largest noise left in the truth, per complex number, drawn between a tenth of it and itself. Measured images are
    never free of noise: a network that has only seen clean ones takes fine texture away with it, most of all at low noise levels.
    """

    def __init__(self, files: Sequence[Path], crop: int, seed: int = 0, grain: float = 0.0) -> None:
        self.parts = [np.load(path, mmap_mode="r") for path in files]
        self.crop, self.seed, self.grain = crop, seed, grain

    def sample(self, step: int, place: int) -> Complex:
        """One clean image (y, x)."""
        rng = np.random.default_rng((self.seed, step, place))
        part = self.parts[int(rng.integers(len(self.parts)))]
        index, room = int(rng.integers(len(part))), part.shape[-1] - self.crop
        top, left = (int(k) for k in rng.integers(0, room + 1, 2))
        raw = part[index, :, top : top + self.crop, left : left + self.crop].astype(np.float32)
        x = raw[0] + 1j * raw[1]
        if rng.random() < 0.5:
            x = x.conj()
        if rng.random() < 0.5:
            x = x.T
        x = x[:: int(rng.choice([1, -1])), :: int(rng.choice([1, -1]))]
        x = x * self.factor(rng)
        if self.grain:
            noise = rng.standard_normal((2, *x.shape)) * np.sqrt(0.5) * self.grain * 10 ** -rng.random()
            x = x + noise[0] + 1j * noise[1]
        return np.asarray(x, dtype=np.complex64)

    def factor(self, rng: np.random.Generator) -> Complex:
        """A random scale and a phase with a linear ramp, as an echo off the centre of k-space leaves it, (y, x)."""
        at = np.arange(self.crop) / self.crop - 0.5
        ramp = rng.normal(0, 0.7, 2) * (rng.random() < 0.7)
        angle = 2 * np.pi * (rng.random() + ramp[0] * at[:, None] + ramp[1] * at)
        scale = np.exp(rng.uniform(np.log(0.6), np.log(1.5)))
        return np.asarray(scale * np.exp(1j * angle), dtype=np.complex64)

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`: truth "x" (sample, y, x)."""
        return Batch(truth={"x": torch.from_numpy(np.stack([self.sample(step, i) for i in samples]))})
