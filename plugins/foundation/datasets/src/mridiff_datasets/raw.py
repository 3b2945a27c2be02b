"""Raw: what a source holds of one slice, and every reason why it cannot be used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mridiff.interfaces import Field, Geometry

from .files import refuse
from .plausible import contradictions
from .support import complete, plane, sampled


@dataclass(frozen=True)
class Raw:
    """One slice as stored, before any choice of sampling: k-space (coil, ky, kx), centred and orthonormal, zero where not measured.

    Of a volume with two phase-encoding axes all has kz, or z, besides: k-space (coil, kz, ky, kx).
    `mask` bool (ky, kx), to be applied, and `maps` (coil, y, x) where the source has them; `support` bool (ky, kx) where the source
    knows what was measured (None: found by zeros); `calibration` (coil, ky, kx), zero where not measured, is a scan for the coil maps
    alone; `noise_std` per complex sample (None: unknown, 0: none), of samples of weight 1 where `weight` (ky, kx) tells how many
    averages each has; `peak` is the largest magnitude of an image that is simulated from; `truth` holds references of the source,
    `more` parts of the acquisition that are as they are, whatever is sampled (a field map);
    undersampling chooses lines along the axis `lines` (-1: kx, -2: ky). `notes` are sentences on what was left out.
    """

    source: str
    kspace: Tensor
    _: KW_ONLY
    mask: Tensor | None = None
    support: Tensor | None = None
    calibration: Tensor | None = None
    maps: Tensor | None = None
    noise_std: float | None = None
    weight: Tensor | None = None
    peak: float | None = None
    truth: Mapping[str, Field] = field(default_factory=dict)
    more: Mapping[str, Field] = field(default_factory=dict)
    geometry: Geometry | None = None
    lines: int = -1
    notes: tuple[str, ...] = ()

    @property
    def axes(self) -> tuple[str, ...]:
        """Those of the image: (y, x), of a volume (z, y, x)."""
        return axes_of(self.kspace.ndim - 1)

    @property
    def dims(self) -> tuple[int, ...]:
        """Where they lie, from the end."""
        return tuple(range(1 - self.kspace.ndim, 0))

    @property
    def taken(self) -> Tensor:
        """What was measured, bool (ky, kx)."""
        return sampled(self.kspace) if self.support is None else self.support

    @property
    def whole(self) -> bool:
        """Whether that is a full acquisition."""
        return complete(plane(self.taken))

    def check(self) -> None:
        """Raise one DataError that names everything wrong with the slice."""
        coils, *size = self.kspace.shape
        problems = _not_finite("kspace", self.kspace)
        if not problems and not bool((self.kspace != 0).any()):
            problems.append("kspace: every value is zero; leave this slice out")
        if not problems and self.peak is None:  # a simulation is right by construction
            problems += contradictions(self.kspace)
        if self.mask is not None:
            if tuple(self.mask.shape) != tuple(size):
                problems.append(f"mask: shape {tuple(self.mask.shape)} does not fit k-space (ky, kx) = {tuple(size)}; give one value each")
            elif not bool(self.mask.any()):
                problems.append("mask: it keeps no sample; 1 stands for measured, 0 for not measured")
        if self.maps is not None:
            problems += _not_finite("sensitivity_maps", self.maps)
            if tuple(self.maps.shape) != (coils, *size):
                problems.append(f"sensitivity_maps: shape {tuple(self.maps.shape)} does not fit k-space (coil, ky, kx) = {(coils, *size)}; "
                                "give one map per coil in the size of k-space")  # fmt: skip
        for name, f in {**self.truth, **self.more}.items():
            problems += _not_finite(name, f.data)
        if self.truth.get("x") is not None and tuple(self.truth["x"].data.shape[1:]) != tuple(size):
            problems.append(f"reference: shape {tuple(self.truth['x'].data.shape[1:])} does not fit an image of (y, x) = {tuple(size)}")
        if self.noise_std is not None and not 0 <= self.noise_std < float("inf"):
            problems.append(f"noise_std: {self.noise_std} is no standard deviation; give a number of at least 0, or none")
        refuse(self.source, problems)


def axes_of(dimensions: int) -> tuple[str, ...]:
    """The axes of an image in two or three dimensions."""
    return ("z", "y", "x")[-dimensions:]


def _not_finite(name: str, values: Tensor) -> list[str]:
    bad = int((~torch.isfinite(values)).sum())
    found = f"{name}: {bad} of {values.numel()} values (shape {tuple(values.shape)}) are NaN or infinite; mend or leave out this slice"
    return [found] if bad else []


def unread(names: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    """A note on arrays of a file that are not read, none where there are no such."""
    others = sorted(set(names) - set(known))
    return (f"not read: {', '.join(others)[:200]}; the names that are read are {', '.join(known)}",) if others else ()


def complex_tensor(values: NDArray[Any]) -> Tensor:
    """An array as complex64."""
    return torch.from_numpy(np.array(values, dtype=np.complex64))


def binary_mask(values: NDArray[Any], size: tuple[int, ...], source: str) -> Tensor:
    """A mask (ky, kx), or (kx) for whole lines, as bool; raises DataError where a value is neither 0 nor 1."""
    wrong = int(((values != 0) & (values != 1)).sum())
    refuse(source, [f"mask: {wrong} of {values.size} values (shape {values.shape}) are neither 0 nor 1"] if wrong else [])
    mask = torch.from_numpy(np.array(values, dtype=bool))
    return mask.expand(size).clone() if mask.ndim == 1 and len(mask) == size[-1] else mask
