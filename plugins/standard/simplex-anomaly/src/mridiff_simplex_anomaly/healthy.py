"""Healthy: axial brain slices without a lesion, drawn from maps of tissues in the contrast of FLAIR."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mridiff.interfaces import Streams
from mridiff_sdk.training import Batch, Run
from mridiff_sdk.training_data import LabelMap, Source, hashed, load_map, shading, smooth_field

from .kept import Array, kept

VERSION = 2
"""Raise when the slices change: the cache then is made anew."""
MAPS = "brain_label_maps/labels.h5"
PIXEL_MM = 2.0
OUTSIDE = 500
"""Labels from here on lie outside of the brain."""
LEAST = 0.12
"""Part of a slice that its brain takes at least."""
LESIONS = {25: 2, 57: 41}
"""Labels of lesions, and of the white matter that takes their place."""


@dataclass(frozen=True)
class Slices:
    """Which heads the slices come from, by number, how many slices of how many pixels are drawn, and from what seed."""

    heads: tuple[int, ...]
    count: int
    size: int = 96
    seed: int = 0

    def key(self, data: Path) -> str:
        """Hash of all that the slices depend on."""
        text = json.dumps([VERSION, asdict(self), hashed(data / MAPS)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def drawn(self, data: Path) -> Array:
        """The slices (slice, y, x), p99 = 1, from the label maps in the data folder; raises DataError where these are missing."""
        brains = [brain(data, number) for number in self.heads]
        rngs = [np.random.default_rng((self.seed, index)) for index in range(self.count)]
        return np.stack([axial(brains[i % len(brains)], rng, self.size) for i, rng in enumerate(rngs)])

    def kept(self, run: Run) -> Array:
        """The same, from the run's folder of prepared data, where they are put the first time."""
        return kept(run.cache / f"healthy-{self.key(run.folder())}.npy", lambda: self.drawn(run.folder()))


def brain(data: Path, number: int) -> LabelMap:
    """One head without what is around its brain, lesions turned into white matter; its contrast is that of FLAIR."""
    name = f"head{number:02}"
    head = load_map(data, Source(f"{MAPS}:{name}", "labels", white=1.0, noise=0.0, weight=1.0, finest_mm=1.0))
    place = {int(label): i for i, label in enumerate(head.labels)}
    kept = [0 if label >= OUTSIDE else place[LESIONS.get(label, label)] for label in place]
    tissue = np.asarray(kept, dtype=np.uint8)[head.tissue]
    ends = [np.flatnonzero(tissue.any(tuple(i for i in range(3) if i != axis)))[[0, -1]].tolist() for axis in range(3)]
    x, y, z = ((int(first), int(last)) for first, last in ends)
    return replace(head, tissue=tissue, extent=(x, y, z), shares={"flair": 1.0})


def axial(head: LabelMap, rng: np.random.Generator, size: int) -> Array:
    """A slice (y, x) through a brain, y from back to front: turned, stretched and warped a little, shaded, and with noise; p99 = 1."""
    for _ in range(20):
        fine = np.maximum(head.at(places(head, rng, 2 * size), rng) * shading(2 * size, rng) ** 0.3, 0)
        coarse = fine.reshape(size, 2, size, 2).mean((1, 3))  # pixels hold more than one tissue
        if (coarse > 0).mean() > LEAST:
            break
    noise = rng.standard_normal((2, size, size)) * rng.uniform(0.003, 0.03) * (coarse > 0)
    coarse = np.hypot(coarse + noise[0], noise[1])
    return np.asarray(coarse / np.quantile(coarse, 0.99), dtype=np.float32)


def places(head: LabelMap, rng: np.random.Generator, size: int) -> npt.NDArray[np.float64]:
    """Where the pixels of a slice lie, (3, y, x) in voxels, half of `PIXEL_MM` apart."""
    x, y, z = head.extent
    at = (np.arange(size) - (size - 1) / 2) * PIXEL_MM / 2 * rng.uniform(0.93, 1.1)
    row, column = np.meshgrid(at, at * rng.uniform(0.95, 1.05), indexing="ij")
    turn, slope = np.deg2rad(rng.normal(0, 4)), rng.normal(0, 0.07, 2)
    x_mm, y_mm = column * np.cos(turn) - row * np.sin(turn), column * np.sin(turn) + row * np.cos(turn)
    mm = np.stack([x_mm, y_mm, slope[0] * row + slope[1] * column])
    mm += rng.uniform(0, 2.5) * np.stack([smooth_field(rng, size, 4) for _ in range(3)])
    centre = np.array([sum(x) / 2, sum(y) / 2, z[0] + (z[1] - z[0]) * rng.uniform(0.4, 0.93)]) + np.array([*rng.normal(0, 2, 2), 0])
    return np.asarray(mm / np.asarray(head.voxel_mm)[:, None, None] + centre[:, None, None])


class HealthySource:
    """Slices for training, mirrored in one case of two, with another brightness and gamma each time; p99 is about `p99`."""

    def __init__(self, slices: Array, p99: float, seed: int) -> None:
        self.slices, self.p99, self.seed = torch.from_numpy(slices), p99, seed

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`: truth "x" (sample, y, x), 0 or more."""
        rng = Streams([f"{self.seed}/healthy/{step}/{i}" for i in samples])
        x: Tensor = self.slices[rng.integers(0, len(self.slices))]
        mirror, bright, bend = rng.uniform((3, 1, 1)).unbind(1)
        x = torch.where(mirror < 0.5, x.flip(-1), x) ** (0.85 + 0.3 * bend)
        return Batch(truth={"x": self.p99 * (0.75 + 0.35 * bright) * x})
