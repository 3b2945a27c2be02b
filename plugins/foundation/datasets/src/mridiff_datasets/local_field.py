"""Local fields of one's own, in NIfTI files: what is left of the phase when it is unwrapped and the background is removed."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from annotated_types import Ge, Gt
from numpy.typing import NDArray
from torch import Tensor

from mridiff.errors import DataError, boundary
from mridiff.interfaces import Contents, Dataset, Field, Gaussian, Geometry, Measured, Scan
from mridiff_sdk.io import afford

from .files import DAMAGED, refuse, stem
from .nifti import opened

__all__ = ["LocalField"]

AXES = ("z", "y", "x")
GAMMA = 42.577478518
"""MHz per tesla, of protons in water (CODATA 2018)."""
MOST = 1.0
"""Tissue moves the field by a few tenths of a ppm; where a hundredth of the brain has more, the background is still in it."""
CUBE, QUIET = 6, 0.2
LEAST = 1000
"""Fewer voxels are no brain, and tell no noise level."""

FieldFile = Annotated[Path, "a NIfTI volume of the local field"]
MaskFile = Annotated[Path | None, "a NIfTI volume of the brain, 0 and 1, on the same voxels; where the field is not zero if not given"]
MapFile = Annotated[Path | None, "a NIfTI volume of a susceptibility map in ppm to compare with, as COSMOS gives it"]
Unit = Annotated[Literal["ppm", "Hz", "rad"], "of the values; Hz needs field_strength, rad echo_time as well"]
Strength = Annotated[float | None, Gt(0), "main field in tesla"]
EchoTime = Annotated[float | None, Gt(0), "time of the phase in seconds"]
Bore = Annotated[tuple[float, float, float], "direction of the main field in the world of the file (right, front, head): along the bore"]
NoiseStd = Annotated[float | None, Ge(0), "standard deviation of the noise in ppm; estimated from neighbouring voxels if not given"]


@dataclass(eq=False)
class LocalField(Dataset):
    """One scan: the local field y (z, y, x) in ppm of the main field inside the brain, with `brain_mask` and `b0_direction` (z, y, x).

    The direction in the volume follows from the file's affine. Wrapped phase and total fields are refused: unwrapping and the removal of
    the background are done before, by ROMEO or SEGUE and V-SHARP, PDF or LBV, for example. With a `reference` the truth is that map less
    its mean over the brain.
    """

    path: FieldFile
    _: KW_ONLY
    mask: MaskFile = None
    reference: MapFile = None
    unit: Unit = "ppm"
    field_strength: Strength = None
    echo_time: EchoTime = None
    bore: Bore = (0.0, 0.0, 1.0)
    noise_std: NoiseStd = None

    def __post_init__(self) -> None:
        self.files = {
            name: Path(p) for name, p in (("field", self.path), ("mask", self.mask), ("reference", self.reference)) if p is not None
        }
        self.images = {name: opened(path) for name, path in self.files.items()}
        self._check()

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Scan:
        """The scan; raises DataError naming all that is wrong with the values."""
        range(1)[index]
        field = _volume(self.images["field"], self.files["field"])
        mask = (field != 0).float() if self.mask is None else _volume(self.images["mask"], self.files["mask"])
        brain = mask != 0
        field = torch.where(brain, field * self._in_ppm(), 0)
        problems = (
            [] if bool(((mask == 0) | (mask == 1)).all()) else [f"mask: it holds other values than 0 and 1, up to {float(mask.max()):g}"]
        )
        problems += [] if int(brain.sum()) >= LEAST else [f"mask: {int(brain.sum())} voxels are no brain; at least {LEAST}"]
        problems += [f"field: {bad} voxels of the brain are NaN or infinite"] if (bad := int((~torch.isfinite(field)).sum())) else []
        problems = problems or self._physics(field[brain])
        refuse(self.path, problems)
        std = field_noise(field, brain) if self.noise_std is None else self.noise_std
        acquisition = {"brain_mask": Field(brain[None].float(), AXES), "b0_direction": Field(self._direction()[None], ("channel",))}
        measured = Measured(field[None], Gaussian(std or None), acquisition, geometry=self._geometry())
        truth = {"head": Field(brain[None], AXES)}
        if self.reference is not None:
            chi = torch.where(brain, _volume(self.images["reference"], self.files["reference"]), 0)
            refuse(self.files["reference"], [] if bool(torch.isfinite(chi).all()) else ["voxels of the brain are NaN or infinite"])
            truth["x"] = Field(torch.where(brain, chi - chi[brain].mean(), 0)[None], AXES, "ppm")
        return Scan(stem(Path(self.path)), measured, truth)

    def contents(self) -> list[Contents]:
        """The volume, where the main field points, and how the values become ppm."""
        shape, voxel = self.images["field"].shape, self._geometry().voxel_size
        sizes = dict(zip(AXES, reversed(shape), strict=True))
        direction = ", ".join(f"{v:.3g}" for v in self._direction().tolist())
        holds = {"format": "NIfTI, local field", "volume": f"{' x '.join(map(str, shape))} voxels, {voxel} mm along (z, y, x)",
                 "main field": f"along ({direction}) of (z, y, x)", "unit": f"{self.unit}, times {self._in_ppm():.4g} for ppm"}  # fmt: skip
        measured = {"y": sizes, "brain_mask": sizes, "b0_direction": {"channel": 3}}
        return [Contents(str(self.path), holds, scans=1, measured=measured)]

    def _check(self) -> None:
        """Raise one DataError with all that is wrong with headers and options."""
        shape, affine = self.images["field"].shape, self.images["field"].affine
        problems = [] if len(shape) == 3 else [f"field: shape {shape} is not one volume; store the local field of all echoes together"]
        for name, image in self.images.items():
            if image.shape != shape:
                problems.append(f"{name}: shape {image.shape} is not that of the field, {shape}")
            elif not np.allclose(image.affine, affine, atol=1e-2):
                problems.append(f"{name}: its affine places the voxels elsewhere than that of the field; resample it")
        problems += [f"field: values of type {image.get_data_dtype()} are complex; give the field, not the signal"
                     for image in (self.images["field"],) if image.get_data_dtype().kind == "c"]  # fmt: skip
        needs = {"Hz": ("field_strength",), "rad": ("field_strength", "echo_time")}.get(self.unit, ())
        problems += [f"{name}: it is not given, and {self.unit} becomes ppm by it" for name in needs if getattr(self, name) is None]
        problems += ["bore: a direction has a length"] if math.hypot(*self.bore) < 1e-6 else []
        refuse(self.path, problems)
        afford(12 * 4 * math.prod(shape), f"{self.path}: a volume of {' x '.join(map(str, shape))} voxels")

    def _in_ppm(self) -> float:
        """What the values are multiplied by."""
        if self.unit == "ppm":
            return 1.0
        hertz = 1.0 if self.unit == "Hz" else 1 / (2 * math.pi * float(self.echo_time or 1))
        return hertz / (GAMMA * float(self.field_strength or 1))

    def _physics(self, inside: Tensor) -> list[str]:
        """What no local field of tissue is like."""
        high = float(inside.abs()[:: len(inside) // 1_000_000 + 1].quantile(0.99))
        if high == 0:
            return ["field: it is zero in the brain"]
        doubt = "is the background still in it, the phase wrapped, or the unit another?"
        return [f"field: a hundredth of the brain has more than {high:.3g} ppm, which no tissue makes: {doubt}"] if high > MOST else []

    def _direction(self) -> Tensor:
        """The main field in the order z, y, x of the volume."""
        sides = self.images["field"].affine[:3, :3]
        along = np.linalg.solve(sides / np.linalg.norm(sides, axis=0), np.asarray(self.bore, dtype=float))
        return torch.from_numpy((along / np.linalg.norm(along))[::-1].copy()).float()

    def _geometry(self) -> Geometry:
        affine: NDArray[Any] = self.images["field"].affine
        z, y, x = (float(np.linalg.norm(affine[:3, i])) for i in (2, 1, 0))
        return Geometry((z, y, x), tuple(tuple(float(v) for v in row) for row in affine))


def field_noise(field: Tensor, mask: Tensor) -> float:
    """Standard deviation of the noise of a field (z, y, x) inside a mask: of second differences, in the quietest fifth of its cubes.

    White noise makes them sqrt(6) times as large. What is left of the signal can only raise them: the axis where they are least holds.
    """
    found = []
    for axis in range(field.ndim):
        left, middle, right = _neighbours(field, axis)
        inside = torch.stack(_neighbours(mask, axis)).all(0)
        values = torch.where(inside, (left - 2 * middle + right).abs(), torch.nan)
        cubes = values
        for side in range(field.ndim):
            cubes = cubes.unfold(side, min(CUBE, values.shape[side]), CUBE)
        cubes = cubes.flatten(field.ndim).flatten(0, field.ndim - 1)
        cubes = cubes[cubes.isfinite().float().mean(1) > 0.5]
        if len(cubes):
            found.append(float(cubes.nanmedian(1).values.quantile(QUIET)) / (0.67449 * math.sqrt(6)))
    if not found:
        raise DataError("the mask is too thin to tell the noise level from", hint="Give noise_std.")
    return min(found)


def _neighbours(values: Tensor, axis: int) -> list[Tensor]:
    return [values.narrow(axis, i, values.shape[axis] - 2) for i in range(3)]


def _volume(image: Any, path: Path) -> Tensor:
    """Values (z, y, x)."""
    with boundary(f"{path}: it cannot be read", DAMAGED):
        return torch.from_numpy(np.asarray(image.dataobj, dtype=np.float32).T.copy())
