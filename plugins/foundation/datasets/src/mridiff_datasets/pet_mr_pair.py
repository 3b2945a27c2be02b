"""Pair: a PET and an MR image of one head on one grid, from two NIfTI volumes or from the arrays of a file, looked at before use."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mridiff.errors import boundary
from mridiff.interfaces import Geometry
from mridiff_sdk.io import afford

from .containers import stored
from .files import DAMAGED, refuse
from .nifti import opened, placed, planes, upright
from .raw import unread

MODALITIES = ("pet", "mr")
COPIES = 6
"""Arrays as large as one of the two that live while they are read."""


class Pair(ABC):
    """Two images of one `shape` (slice, y, x). Raises DataError with all that is wrong: with headers when made, with values when read."""

    def __init__(self, source: Path, shape: tuple[int, int, int], problems: list[str], left_out: tuple[str, ...] = ()) -> None:
        refuse(source, problems)
        afford(COPIES * 4 * math.prod(shape), f"{source}: two images of {' x '.join(map(str, shape))} voxels")
        self.source, self.shape, self.left_out = source, shape, left_out

    @abstractmethod
    def image(self, modality: str) -> NDArray[np.float32]:
        """One of them (slice, y, x), as stored."""

    def geometry(self, k: int) -> Geometry | None:
        """Where slice k lies; None where the files do not tell."""
        return None

    @cached_property
    def images(self) -> NDArray[np.float32]:
        """Both (modality, slice, y, x), PET first: finite, nowhere negative."""
        with boundary(f"{self.source}: the images cannot be read", DAMAGED):
            found = np.stack([self.image(m) for m in MODALITIES])
        refuse(self.source, [p for m, values in zip(MODALITIES, found, strict=True) for p in impossible(m, values)])
        return found


class Volumes(Pair):
    """Two NIfTI volumes, sliced along an anatomical axis."""

    def __init__(self, pet: Path, mr: Path | None, axis: int) -> None:
        self.axis, self.volumes = axis, {name: opened(path) for name, path in (("pet", pet), ("mr", mr)) if path is not None}
        first = self.volumes["pet"]
        problems = [] if mr is not None else ["mr: it is not given; name the MR image, a second volume on the voxels of the PET image"]
        for name, image in self.volumes.items():
            if len(image.shape) != 3:
                problems.append(f"{name}: shape {image.shape} is not one volume; of a series store one")
            if image.get_data_dtype().kind == "c":
                problems.append(f"{name}: its values are complex; store magnitudes")
            if image.shape[:3] != first.shape[:3]:
                problems.append(f"{name}: shape {image.shape} is not that of pet, {first.shape}; resample it onto the voxels of pet")
            elif not np.allclose(image.affine, first.affine, atol=1e-2):
                problems.append(f"{name}: its affine places the voxels elsewhere than that of pet; register and resample it onto them")
        super().__init__(pet, upright(first, axis), problems)

    def image(self, modality: str) -> NDArray[np.float32]:
        """Upright slices."""
        return planes(self.volumes[modality], self.axis)

    def geometry(self, k: int) -> Geometry:
        """From the affine of the PET image, which is that of both."""
        return placed(self.volumes["pet"], self.axis, k)


class Pictures(Pair):
    """The arrays `pet` and `mr` of a file, (y, x) or (slice, y, x)."""

    def __init__(self, path: Path) -> None:
        with stored(path) as file:
            names = file.keys()
            held = {m: (file.shape(m), file.dtype(m)) for m in MODALITIES if m in names}
        missing = [f"no `{m}`" for m in MODALITIES if m not in held]
        problems = [f"there is {' and '.join(missing)} (it holds {', '.join(names[:10]) or 'nothing'})"] if missing else []
        for name, (shape, dtype) in held.items():
            if len(shape) not in (2, 3) or 0 in shape:
                problems.append(f"{name}: shape {shape} is neither (y, x) nor (slice, y, x)")
            if dtype.kind not in "biuf":
                problems.append(f"{name}: its values of type {dtype} are not real numbers; store magnitudes")
        if len({shape for shape, _ in held.values()}) > 1:
            problems.append(f"mr: shape {held['mr'][0]} is not that of pet, {held['pet'][0]}; resample one of them onto the other's grid")
        refuse(path, problems)
        *lead, y, x = held["pet"][0]
        super().__init__(path, (lead[0] if lead else 1, y, x), [], unread(names, MODALITIES))

    def image(self, modality: str) -> NDArray[np.float32]:
        """As stored, with an axis of slices."""
        with stored(self.source) as file:
            return np.asarray(file.read(modality), dtype=np.float32).reshape(self.shape)


def impossible(name: str, values: NDArray[np.float32]) -> list[str]:
    """What no activity and no magnitude is like."""
    if bad := int((~np.isfinite(values)).sum()):
        return [f"{name}: {bad} of {values.size} values are NaN or infinite"]
    if below := int((values < 0).sum()):
        return [f"{name}: {below} of {values.size} values are negative, down to {float(values.min()):.4g}; an image of "
                f"{'activity' if name == 'pet' else 'magnitudes'} has none: store such voxels as zero"]  # fmt: skip
    return [] if values.any() else [f"{name}: it is zero everywhere"]
