"""Multi-coil sampling by mrpro's operators."""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor

from mridiff.interfaces import Measured, Space
from mridiff_sdk.adaptors import FromTuples

from .coils import Gridded, along, on_grid

__all__ = ["MrproNonCartesian", "MrproSense"]


class MrproSense(FromTuples):
    """y_c = M F S_c x by mrpro's SensitivityOp, FastFourierOp and EinsumOp: x complex (sample, y, x), y complex (sample, coil, ky, kx)."""

    mask: Tensor

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan with `mask` (1 or sample, ky, kx) and `sensitivity_maps` (1 or sample, coil, y, x)."""
        from mrpro.operators import EinsumOp, FastFourierOp, SensitivityOp

        mask, maps = on_grid(measured)
        coils, ny, nx = maps.shape[1:]
        M = EinsumOp(mask[:, None, None].to(maps.dtype), "... y x, ... y x -> ... y x")
        A = M @ FastFourierOp(dim=(-2, -1)) @ SensitivityOp(maps[:, :, None])
        made = cls(A, Space(("y", "x"), (ny, nx)), Space(("coil", "ky", "kx"), (coils, ny, nx), kind="k-space"), (1, 1, ny, nx),
                   (coils, 1, ny, nx))  # fmt: skip
        made.register_buffer("mask", mask)
        return made


class InPrecision:
    """An operator that works in the precision of its trajectory alone, on tensors of any."""

    def __init__(self, operator: Any, dtype: torch.dtype) -> None:
        self.operator, self.dtype = operator, dtype

    def __call__(self, x: Tensor) -> tuple[Tensor, ...]:
        """A x, as a tuple of one."""
        return self.operator(x.to(self.dtype))  # type: ignore[no-any-return]

    def adjoint(self, y: Tensor) -> tuple[Tensor, ...]:
        """A^H y, as a tuple of one."""
        return self.operator.adjoint(y.to(self.dtype))  # type: ignore[no-any-return]


class MrproNonCartesian(Gridded, FromTuples):
    """y_c(k) = F S_c x by mrpro's SensitivityOp and NonUniformFastFourierOp: y complex (sample, coil, shot, readout)."""

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan with `trajectory` (1 or sample, shot, readout, 2), and `sensitivity_maps` (1 or sample, coil, y, x)."""
        from mrpro.data import KTrajectory, SpatialDimension
        from mrpro.operators import NonUniformFastFourierOp, SensitivityOp

        k, maps = along(measured)
        coils, ny, nx = maps.shape[1:]
        ky, kx = (k[..., i][:, None, None] for i in range(2))  # (sample, coil, kz, shot, readout)
        size: Any = SpatialDimension(1, ny, nx)
        F = NonUniformFastFourierOp(direction=("y", "x"), recon_matrix=size, encoding_matrix=size,
                                    traj=KTrajectory(kz=0 * ky, ky=ky, kx=kx))  # fmt: skip
        A = InPrecision(F @ SensitivityOp(maps[:, :, None]), k.dtype.to_complex())
        shots = tuple(k.shape[1:-1])
        made = cls(A, Space(("y", "x"), (ny, nx)), Space(("coil", "shot", "readout"), (coils, *shots), kind="k-space"), (1, 1, ny, nx),
                   (coils, 1, *shots))  # fmt: skip
        return made.weighed(measured)
