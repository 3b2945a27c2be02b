"""Multi-coil sampling by sigpy's linops."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from mridiff.interfaces import Measured, Space
from mridiff_sdk.adaptors import FromLinop

from .coils import Gridded, along, on_grid

__all__ = ["SigpyNonCartesian", "SigpySense"]


class SigpySense(FromLinop):
    """y_c = M F S_c x by `sigpy.mri.linop.Sense`: x complex (sample, y, x), y complex (sample, coil, ky, kx), a mask for each sample."""

    mask: Tensor

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan with `mask` (1 or sample, ky, kx) and `sensitivity_maps` (1 or sample, coil, y, x)."""
        from sigpy.mri.linop import Sense

        mask, maps = on_grid(measured)
        linops = [
            Sense(maps[i % len(maps)].cpu().numpy(), weights=mask[i % len(mask)].cpu().numpy()) for i in range(max(len(mask), len(maps)))
        ]
        coils = tuple(maps.shape[1:])
        made = cls(linops, Space(("y", "x"), coils[1:]), Space(("coil", "ky", "kx"), coils, kind="k-space"))
        made.register_buffer("mask", mask)
        return made


class SigpyNonCartesian(Gridded, FromLinop):
    """y_c(k) = F S_c x by `sigpy.mri.linop.Sense` along a trajectory: y complex (sample, coil, shot, readout)."""

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan with `trajectory` (1 or sample, shot, readout, 2), and `sensitivity_maps` (1 or sample, coil, y, x)."""
        from sigpy.mri.linop import Sense

        k, maps = along(measured)
        linops = [Sense(maps[i % len(maps)].cpu().numpy(), coord=k[i % len(k)].cpu().numpy()) for i in range(max(len(k), len(maps)))]
        coils, size = maps.shape[1], tuple(maps.shape[2:])
        made = cls(linops, Space(("y", "x"), size), Space(("coil", "shot", "readout"), (coils, *k.shape[1:-1]), kind="k-space"))
        return made.weighed(measured)
