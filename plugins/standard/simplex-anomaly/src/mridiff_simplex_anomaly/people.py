"""People: measured FLAIR scans of patients, brain alone, as slices of the network's size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.ndimage as ndi

from mridiff_sdk.metrics import otsu
from mridiff_sdk.training_data import read

from .healthy import PIXEL_MM
from .kept import Array

SPAN = 0.5, 0.85
"""Part of the height of a scan, from below, in which slices of it are taken."""
AREA = 10
"""Pixels of lesion that a slice with a lesion has at least."""
GAP_MM = 4.0
"""Half the width of what still joins scalp and brain, and is cut."""


@dataclass(frozen=True)
class Person:
    """Where a scan is found in the data folder, as `read` takes it, and a mask of lesions, if there is one; `bare` says: brain alone."""

    path: str
    lesions: str = ""
    bare: bool = True


def _patient(number: str) -> Person:
    return Person(f"ms_t1_t2_flair/flair_raw.h5:patient{number}", bare=False)


def _aligned(number: str) -> Person:
    place = f"ms_t1_t2_flair/mni_aligned.h5:patient{number}"
    return Person(f"{place}/flair", f"{place}/lesion")


PEOPLE: Mapping[str, Person] = {
    "stroke": Person("flair_stroke/FLAIR.nii.gz"),
    "ms07": _aligned("07"),
    "ms19": _aligned("19"),
    "l01": _patient("01_study1"),
    "l03": _patient("03_study1"),
    "l09": _patient("09_study2"),
    "l12": _patient("12_study1"),
    "l19": _patient("19_study1"),
}
"""A patient with a stroke; two with multiple sclerosis, whose lesions were outlined; and five others, l19 another one than ms19."""


class Scan3D:
    """A person's scan: slices (y, x) of `size` pixels of 2 mm, y from back to front, the brain in the middle."""

    def __init__(self, data: Path, person: Person, size: int) -> None:
        self.person, self.size = person, size
        self.values, self.mm = read(data, person.path)
        self.lesions = read(data, person.lesions)[0] if person.lesions else None

    def numbers(self, count: int, ill: bool) -> list[int]:
        """At most `count` slices, evenly spread: with enough of the person's own lesions, or without any as far as is known."""
        n = self.values.shape[2]
        if self.lesions is None:
            those = list(range(int(SPAN[0] * n), int(SPAN[1] * n)))
        else:
            area = self.lesions.sum((0, 1)) * self.mm[0] * self.mm[1] / PIXEL_MM**2
            brain = np.flatnonzero((self.values > 0).any((0, 1)))
            low, high = (brain[0] + (brain[-1] - brain[0]) * share for share in (0.25, 0.85))
            those = [k for k in range(n) if low <= k <= high and (area[k] >= AREA if ill else area[k] == 0)]
        return sorted({those[int(len(those) * (i + 0.5) / count)] for i in range(count)}) if those else []

    def slice(self, number: int) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Intensities, p99 = 1, and where the person's own lesions are, as far as is known."""
        raw = self.values[:, :, number].T.astype(np.float32)
        raw = raw if self.person.bare else stripped(raw, self.mm[0])
        middle = [np.flatnonzero((raw > 0).any(axis))[[0, -1]].mean() for axis in (1, 0)]
        mask = np.zeros_like(raw) if self.lesions is None else self.lesions[:, :, number].T.astype(np.float32)
        x, where = (self._at(image, middle) for image in (raw, mask))
        return np.asarray(x / np.quantile(x, 0.99), dtype=np.float32), where >= 0.5

    def _at(self, image: Array, middle: list[Any]) -> Array:
        """An image (y, x) brought to the pixels, each the mean about its place."""
        step = np.array([PIXEL_MM / self.mm[1], PIXEL_MM / self.mm[0]])
        at = (np.arange(self.size) - (self.size - 1) / 2)[:, None]
        row, column = (at * step + np.asarray(middle)).T
        place = np.meshgrid(row, column, indexing="ij")
        return np.asarray(ndi.map_coordinates(ndi.gaussian_filter(image, 0.4 * step), place, order=1), dtype=np.float32)


@cache
def scan3d(data: Path, name: str, size: int) -> Scan3D:
    """The scan of somebody in `PEOPLE`; raises DataError where the folder lacks the file."""
    return Scan3D(data, PEOPLE[name], size)


def stripped(image: Array, mm: float) -> Array:
    """A FLAIR slice (y, x) without scalp and skull: the largest part after a cut through all that is narrow, holes filled, 0 outside."""
    radius = round(GAP_MM / mm)
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    ball = y * y + x * x <= radius * radius
    smooth = ndi.gaussian_filter(image, 1.0 / mm)
    bright = smooth > 0.9 * otsu(smooth)
    parts, _ = ndi.label(ndi.binary_opening(bright, ball))
    core = parts == 1 + np.bincount(parts.ravel())[1:].argmax()
    brain = ndi.binary_fill_holes(ndi.binary_closing(ndi.binary_dilation(core, ball) & bright, ball, iterations=2))
    return np.where(brain, image, 0).astype(np.float32)
