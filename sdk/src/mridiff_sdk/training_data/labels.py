"""Labels: heads of which only the shapes of their tissues are known; each slice gets a contrast, partial volumes and a texture of its own.

Learning from label maps with drawn contrasts: Billot et al., SynthSeg, Medical Image Analysis 2023.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.ndimage as ndi

from mridiff_sdk.io.hdf5 import open_hdf5

from .anatomy import Source
from .slices import Array, Box
from .volume import box, read

TISSUES: dict[str, tuple[int, ...]] = {
    "fluid": (4, 5, 14, 15, 24, 43, 44, 72, 506),
    "grey": (3, 8, 17, 18, 26, 42, 47, 53, 54, 58, 136, 137, 163, 164),
    "white": (2, 7, 16, 28, 41, 46, 60, 85, 512, 530),
    "deep": (10, 11, 12, 13, 49, 50, 51, 52),
    "lesion": (25, 57),
    "vessel": (30, 62, 502, 514),
    "bone": (515,),
    "fat": (511, 516),
    "muscle": (507, 508, 509),
}
"""The labels of each tissue: FreeSurfer's numbers, and above 500 what lies outside of the brain. Label 0 is air."""
SOFT = 507
"""Everything outside of the skull that has no label of its own: muscle and fat, which are mixed in it."""

RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "t2": {"fluid": (0.8, 1.4), "grey": (0.42, 0.75), "white": (0.25, 0.48), "deep": (0.28, 0.55), "lesion": (0.5, 1.2),
           "vessel": (0.0, 0.4), "bone": (0.0, 0.12), "fat": (0.2, 1.0), "muscle": (0.08, 0.35)},
    "flair": {"fluid": (0.03, 0.2), "grey": (0.55, 0.9), "white": (0.4, 0.7), "deep": (0.4, 0.75), "lesion": (0.7, 1.3),
              "vessel": (0.0, 0.4), "bone": (0.0, 0.12), "fat": (0.2, 1.2), "muscle": (0.1, 0.4)},
    "t1": {"fluid": (0.1, 0.35), "grey": (0.5, 0.8), "white": (0.9, 1.1), "deep": (0.6, 1.0), "lesion": (0.3, 0.8),
           "vessel": (0.1, 1.5), "bone": (0.0, 0.2), "fat": (0.9, 2.2), "muscle": (0.3, 0.7)},
    "pd": {"fluid": (0.6, 1.1), "grey": (0.75, 1.0), "white": (0.55, 0.8), "deep": (0.6, 0.9), "lesion": (0.8, 1.1),
           "vessel": (0.0, 0.6), "bone": (0.0, 0.15), "fat": (0.4, 1.2), "muscle": (0.4, 0.7)},
}  # fmt: skip
"""Intensity of each tissue in the contrasts that are drawn; "any" takes each from 0 to 1.2."""
SHARES = {"t2": 0.5, "flair": 0.1, "t1": 0.12, "pd": 0.08, "any": 0.2}
"""How often each contrast is drawn."""


@dataclass(frozen=True)
class LabelMap:
    """A head: number of the tissue in each voxel (x, y, z), an index into `labels` (label,), voxel size in mm, extent in voxels.

    `shares` says how often each contrast is drawn.
    """

    source: Source
    tissue: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    voxel_mm: tuple[float, float, float]
    extent: Box
    shares: Mapping[str, float] = field(default_factory=lambda: SHARES)

    def at(self, voxel: npt.NDArray[np.float64], rng: np.random.Generator) -> Array:
        """Intensities (y, x) at the places (3, y, x), in voxels: a contrast and a texture drawn for this slice, blurred a little."""
        intensities, grains = draw_contrast(self.labels, rng, self.shares)
        low = np.maximum(np.floor(voxel.reshape(3, -1).min(1)).astype(int) - 1, 0)
        high = np.ceil(voxel.reshape(3, -1).max(1)).astype(int) + 2
        part = self.tissue[tuple(slice(a, max(b, a + 1)) for a, b in zip(low, high, strict=True))]
        if not part.size:
            return np.zeros(voxel.shape[1:], np.float32)
        place = voxel - low[:, None, None]
        image = ndi.map_coordinates(intensities[part], place, order=1, mode="constant")
        nearest = ndi.map_coordinates(part, place, order=0, mode="constant")
        image = image * (1 + grains[nearest] * grain(image.shape, rng))
        soft = nearest == int(np.flatnonzero(self.labels == SOFT)[0]) if SOFT in self.labels else np.zeros(image.shape, bool)
        fat = 1 / (1 + np.exp(-rng.uniform(2, 8) * (noise(image.shape, rng.uniform(2, 8), rng) - rng.uniform(-1, 1))))
        image = np.where(soft, image + (rng.uniform(0.2, 1.2) - image) * fat, image)
        return np.asarray(ndi.gaussian_filter(image, rng.uniform(0.3, 0.7)), dtype=np.float32)


def draw_contrast(labels: npt.NDArray[np.int64], rng: np.random.Generator,
                  shares: Mapping[str, float] = SHARES) -> tuple[Array, Array]:  # fmt: skip
    """An intensity and a strength of texture for each label (label,): like a T2, FLAIR, T1 or PD scan, or like none; air is dark."""
    kind = str(rng.choice(list(shares), p=list(shares.values())))
    intensities, grains = np.zeros(len(labels), np.float32), np.zeros(len(labels), np.float32)
    for tissue, members in TISSUES.items():
        base = rng.uniform(*RANGES[kind][tissue]) if kind in RANGES else rng.uniform(0, 1.2)
        rough = rng.uniform(0.02, 0.08) if tissue in ("fluid", "grey", "white", "deep", "lesion") else rng.uniform(0.05, 0.3)
        for label in members:
            factor = np.exp(rng.normal(0, 0.06 if tissue != "vessel" else 0.3))
            intensities[labels == label], grains[labels == label] = base * factor, rough
    return intensities, grains


def noise(shape: tuple[int, ...], width: float, rng: np.random.Generator) -> Array:
    """Random structures (y, x) of unit standard deviation, `width` pixels wide."""
    out = ndi.gaussian_filter(rng.standard_normal(shape), width)
    return np.asarray(out / out.std(), dtype=np.float32)


def grain(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """A texture (y, x): fine and coarse structures together, about unit standard deviation."""
    share = rng.uniform(0.2, 0.8)
    return share * noise(shape, rng.uniform(0.6, 1.5), rng) + (1 - share) * noise(shape, rng.uniform(2, 6), rng)


def load_map(folder: Path, source: Source) -> LabelMap:
    """One head; raises DataError where the file is missing."""
    tissue, voxel = read(folder, source.path)
    with open_hdf5(folder / source.path.partition(":")[0]) as f:
        labels = f.read("labels").astype(np.int64)
    return LabelMap(source, tissue.astype(np.uint8), labels, voxel, box(tissue > 0))
