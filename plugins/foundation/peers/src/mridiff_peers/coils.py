"""Coils: what the operators of other projects need of a scan of one plane, looked at before they see it."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Measured
from mridiff_sdk.nufft import density
from mridiff_sdk.operators import check_mask


def on_grid(measured: Measured) -> tuple[Tensor, Tensor]:
    """`mask` (1 or sample, ky, kx) and `sensitivity_maps` (1 or sample, coil, y, x); raises DataError where they are of anything else."""
    mask, maps = measured.require("mask", "sensitivity_maps")
    check_mask(mask)
    _check("sensitivity_maps", maps, maps.ndim == 4 and maps.is_complex(), "complex (sample, coil, y, x)")
    return mask, maps


def along(measured: Measured) -> tuple[Tensor, Tensor]:
    """`trajectory` (1 or sample, shot, readout, 2) and `sensitivity_maps` (1 or sample, coil, y, x); raises DataError as `on_grid`."""
    k, maps = measured.require("trajectory", "sensitivity_maps")
    _check("trajectory", k, k.ndim == 4 and k.shape[-1] == 2, "(sample, shot, readout, 2)")
    _check("sensitivity_maps", maps, maps.ndim == 4 and maps.is_complex(), "complex (sample, coil, y, x)")
    return k, maps


class Gridded(LinearOperator):
    """Sampling along a trajectory whose first look weighs every sample by the area of k-space that it stands for.

    The adjoint alone has other units than x, and a prior's scale is that of the first look. The areas are `density` (1 or sample, shot,
    readout) of the scan, or those of its trajectory, computed when they are asked for.
    """

    rough_name = "gridded"
    trajectory: Tensor
    weights: Tensor | None

    def weighed(self, measured: Measured) -> Self:
        """This operator with the areas of a scan."""
        given = measured.acquisition.get("density")
        self.register_buffer("trajectory", measured.require("trajectory")[0])
        self.register_buffer("weights", None if given is None else given.data)
        return self

    def rough(self, y: Any) -> Tensor:
        """S^H F^H W y with the areas W: gridding."""
        if self.weights is None:
            self.weights = torch.stack([density(k, self.domain.shape) for k in self.trajectory])
        return self.H(self.weights[:, None] * y)  # type: ignore[no-any-return]


def _check(name: str, values: Tensor, good: bool, wanted: str) -> None:
    if not good:
        raise DataError(f"{name} is {values.dtype} of shape {tuple(values.shape)}; expected {wanted}", hint="It is for scans of one plane.")
