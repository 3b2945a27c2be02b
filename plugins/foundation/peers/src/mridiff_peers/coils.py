"""Coils: what the operators of other projects need of a scan of one plane, looked at before they see it."""

from __future__ import annotations

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Measured
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


def _check(name: str, values: Tensor, good: bool, wanted: str) -> None:
    if not good:
        raise DataError(f"{name} is {values.dtype} of shape {tuple(values.shape)}; expected {wanted}", hint="It is for scans of one plane.")
