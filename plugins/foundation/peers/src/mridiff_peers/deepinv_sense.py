"""Multi-coil sampling by deepinv's physics."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from mridiff.interfaces import Measured, Space
from mridiff_sdk.adaptors import FromPhysics

from .coils import on_grid

__all__ = ["DeepinvSense"]


class DeepinvSense(FromPhysics):
    """y_c = M F S_c x by `deepinv.physics.MultiCoilMRI`: x complex (sample, y, x), y complex (sample, coil, ky, kx)."""

    mask: Tensor

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan with `mask` (1 or sample, ky, kx) and `sensitivity_maps` (1 or sample, coil, y, x)."""
        from deepinv.physics import MultiCoilMRI

        mask, maps = on_grid(measured)
        physics = MultiCoilMRI(mask=mask[:, None], coil_maps=maps, device=mask.device)
        coils = tuple(maps.shape[1:])
        made = cls(physics, Space(("y", "x"), coils[1:]), Space(("coil", "ky", "kx"), coils, kind="k-space"))
        made.register_buffer("mask", mask)
        return made
