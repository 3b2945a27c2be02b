"""Errors of coil maps, less what no measurement tells."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mridiff import Reconstruction
from mridiff.interfaces import Scan
from mridiff_sdk.metrics import head_region


def map_error(result: Reconstruction, scan: Scan) -> float:
    """What is left of the coil maps after the best factor of all coils at each place, root mean square inside the object."""
    if "maps" not in result.outputs:
        return math.nan
    return float(off(result.outputs["maps"].data, scan.truth["sensitivity_maps"].data, head_region(scan.truth["x"].data)))


def off(maps: Tensor, reference: Tensor, region: Tensor) -> Tensor:
    """The same of maps (sample, coil, y, x) where `region` (sample, y, x) is: the sine of the angle between both at a place, weighted."""
    size = torch.linalg.vector_norm(maps, dim=1) * torch.linalg.vector_norm(reference, dim=1)
    along = (maps.conj() * reference).sum(1).abs() / size.clamp_min(torch.finfo(size.dtype).tiny)
    power = reference.abs().square().sum(1) * region
    left: Tensor = ((1 - along.square()).clamp_min(0) * power).sum(-1).sum(-1).div(power.sum()).mean().sqrt()
    return left
