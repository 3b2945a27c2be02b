"""Simultaneous multi-slice acquisition: several slices in one k-space, y_c = M sum_z P_z F S_cz x_z."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Composition, Measured, Multiply, single
from mridiff_sdk.operators import Coils, Fourier, Mask, SumOverAxis

__all__ = ["MultiSliceSense"]


class MultiSliceSense(Composition):
    """y_c = M sum_z P_z F S_cz x_z: slices x complex (sample, z, y, x), y complex (sample, coil, ky, kx).

    `maps` are complex (1 or sample, coil, z, y, x), `mask` real (1 or sample, ky, kx); `phase` P, real (1 or sample, z, ky) in radians,
    is that which each excitation gives its slice, line by line, to shift slices apart (CAIPIRINHA: Breuer et al., Magn. Reson. Med. 53,
    2005); without it slices lie upon each other. Raises DataError where they do not fit.
    """

    def __init__(self, maps: Tensor, mask: Tensor, phase: Tensor | None = None) -> None:
        S = Coils(maps, ("z", "y", "x"))
        F = Fourier(S.codomain, ["y", "x"])
        seen = F @ S
        if phase is not None:
            if phase.is_complex() or phase.ndim != 3 or tuple(phase.shape[1:]) != tuple(maps.shape[2:4]):
                raise DataError(f"the phase of slices is {phase.dtype} of shape {tuple(phase.shape)}; expected real (1 or sample, "
                                f"z={maps.shape[2]}, ky={maps.shape[3]})", hint="Give radians for every slice and line.")  # fmt: skip
            seen = Multiply(F.codomain, torch.polar(torch.ones_like(phase), phase)[:, None, :, :, None]) @ seen
        total = SumOverAxis(F.codomain, "z")
        super().__init__(Mask(single(total.codomain), mask, ("ky", "kx")) @ total, seen)

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan with `mask` (ky, kx), `sensitivity_maps` (coil, z, y, x), and with `slice_phase` (z, ky) if it has it."""
        mask, maps = measured.require("mask", "sensitivity_maps")
        phase = measured.acquisition.get("slice_phase")
        return cls(maps, mask, None if phase is None else phase.data)
