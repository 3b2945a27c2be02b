"""Susceptibility scans of drawn brains: the local field of each, simulated on a finer grid than that of the scan; they need no file."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor

from mridiff.interfaces import Field, Gaussian, Geometry, Measured, Scan, Streams
from mridiff_sdk.physics import convolve, dipole_kernel

from .subjects import Count, First, Seed, Subjects
from .susceptibility_brain import SusceptibilityBrain

__all__ = ["QsmPhantom", "averaged", "fine_map"]

FINE = 2
"""Voxels of the simulation along each side of a voxel of the scan; its grid is as many times as wide, and empty there."""
AXES = ("z", "y", "x")

Size = Annotated[int, Ge(16), Le(128), "voxels of each side"]
Voxel = Annotated[float, Ge(0.1), "side of a voxel in mm; the anatomy grows with it"]
Tilt = Annotated[float, Ge(-90), Le(90), "angle of the main field to the z axis in degrees, towards y"]
NoiseStd = Annotated[float, Ge(0), "standard deviation of the noise of the field, in ppm"]


class QsmPhantom(Subjects):
    """Local fields y (z, y, x) in ppm of the main field, with white noise, inside the brain; 0.001 ppm is what four echoes about 20 ms
    at 3 T give together, each with a signal-to-noise ratio of 30.

    Scan i is subject `first` + i; anatomy and noise depend on that number and the seed alone, so that ranges of numbers make disjoint
    splits. The acquisition holds `brain_mask` and `b0_direction` (z, y, x). The truth "x" is the mean of a voxel less that of the brain,
    and zero outside; "head" is the mask. The field is that of a grid twice as fine in a space twice as wide, averaged over voxels.
    """

    def __init__(
        self,
        *,
        subjects: Count = 1,
        first: First = 0,
        size: Size = 48,
        voxel: Voxel = 3.0,
        tilt: Tilt = 0.0,
        noise_std: NoiseStd = 0.001,
        seed: Seed = 0,
    ) -> None:
        self.subjects, self.first, self.size, self.voxel = subjects, first, size, voxel
        self.tilt, self.noise_std, self.seed = tilt, noise_std, seed

    def scan(self, subject: int) -> Scan:
        """The scan of one subject."""
        name = f"qsm-{subject}"
        fine, mask = fine_map(subject, self.size, self.seed)
        angle = math.radians(self.tilt)
        direction = torch.tensor([[math.cos(angle), math.sin(angle), 0.0]])
        field = averaged(simulated(fine, direction))
        field = field + self.noise_std * Streams.of(self.seed, name).child("noise").normal_like(field)
        acquisition = {"brain_mask": Field(mask, AXES), "b0_direction": Field(direction, ("channel",))}
        measured = Measured(mask * field, Gaussian(self.noise_std or None), acquisition, geometry=self._geometry())
        x = averaged(fine)
        truth = mask * (x - (mask * x).sum() / mask.sum())
        return Scan(name, measured, {"x": Field(truth, AXES, "ppm"), "head": Field(mask > 0, AXES)})

    def _geometry(self) -> Geometry:
        """Cubes, the middle of the volume at the origin; y runs from front to back."""
        v, half = self.voxel, 0.5 * self.voxel * (self.size - 1)
        return Geometry((v, v, v), ((v, 0, 0, -half), (0, -v, 0, half), (0, 0, v, -half), (0, 0, 0, 1)))


def fine_map(subject: int, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Susceptibility on the fine grid, zero outside and on average, and the mask on the grid of the scan, each (1, z, y, x)."""
    chi, brain = SusceptibilityBrain(subject, seed).map(FINE * size)
    mask = (averaged(brain[None]) > 0.5).float()
    inside = mask.repeat_interleave(FINE, 1).repeat_interleave(FINE, 2).repeat_interleave(FINE, 3)
    mean = (inside * chi).sum() / inside.sum()
    return brain * (inside * (chi - mean)), mask


def simulated(fine: Tensor, direction: Tensor) -> Tensor:
    """The field of a map (1, z, y, x) in a space twice as wide."""
    grid = tuple(2 * n for n in fine.shape[1:])
    return convolve(fine, dipole_kernel(grid, (1.0, 1.0, 1.0), direction)[..., : grid[-1] // 2 + 1].float(), grid)


def averaged(fine: Tensor) -> Tensor:
    """Means over the voxels of the scan, (1, z, y, x)."""
    return torch.nn.functional.avg_pool3d(fine[:, None], FINE)[:, 0]
