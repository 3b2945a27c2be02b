"""Scan: what one acquisition gave, and, apart from it, the truth to score against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from ..errors import DataError, printable
from .noise import Noise

Data = Tensor | tuple[Tensor, ...]
"""A measurement: one tensor (sample, ...), or one per block."""


@dataclass(frozen=True, slots=True)
class Field:
    """A tensor with axis names, `sample` first and unwritten; `unit` as text."""

    data: Tensor
    axes: tuple[str, ...]
    unit: str = ""

    def __post_init__(self) -> None:
        if self.data.ndim != len(self.axes) + 1:
            raise DataError(f"a field with axes (sample, {', '.join(self.axes)}) was given a tensor of shape {tuple(self.data.shape)}",
                            hint="Name every axis after the sample axis, which comes first.")  # fmt: skip

    def to(self, device: torch.device | str) -> Field:
        """The field on another device."""
        return replace(self, data=self.data.to(device))


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the voxels are: size in mm along the image's spatial axes in their order, and the affine where it is known.

    `affine` is 4 x 4 and maps the indices (x, y, z, 1) to world coordinates (RAS, mm); a plane has z = 0.
    """

    voxel_size: tuple[float, ...]
    affine: tuple[tuple[float, ...], ...] | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What an operator, a prior and a sampler may see: `y`, its noise, the acquisition, conditions and geometry.

    `acquisition` holds what defines A (mask, sensitivity_maps, trajectory, echo_times ...), `conditions` what else is known of
    this subject (another contrast, voxel responses, a label). `y` is None where nothing was measured in the sense of y = A(x) + n.
    """

    y: Data | None
    noise: Noise
    acquisition: Mapping[str, Field] = field(default_factory=dict)
    conditions: Mapping[str, Field] = field(default_factory=dict)
    geometry: Geometry | None = None

    def require(self, *names: str) -> tuple[Tensor, ...]:
        """Tensors of the acquisition by name; raises DataError that names all that are missing."""
        missing = [n for n in names if n not in self.acquisition]
        if missing:
            raise DataError(f"the scan has no {', '.join(missing)}; it has {', '.join(self.acquisition) or 'nothing'}",
                            hint="Choose an operator that needs less, or a dataset that provides them.")  # fmt: skip
        return tuple(self.acquisition[n].data for n in names)

    def to(self, device: torch.device | str) -> Measured:
        """Everything on another device."""
        y = tuple(b.to(device) for b in self.y) if isinstance(self.y, tuple) else (None if self.y is None else self.y.to(device))
        return replace(self, y=y, noise=self.noise.to(device), acquisition={k: f.to(device) for k, f in self.acquisition.items()},
                       conditions={k: f.to(device) for k, f in self.conditions.items()})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scan:
    """One acquisition: `measured`, and `truth` by name ("x", "motion", "kernel", "t2" ...), which only scoring ever sees.

    `id` often is a file's name, and ends on terminals and pages: what it has of control characters is written out. `notes` say, in
    sentences for people, what of the acquisition was left out or looks odd. A scan that is one slice of several has the name of their
    `volume`, as which they are written together; the affine of its geometry, or its place among the others, tells which slice it is.
    """

    id: str
    measured: Measured
    truth: Mapping[str, Field] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    volume: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", printable(str(self.id)))
