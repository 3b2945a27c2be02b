"""Multi-coil Cartesian acquisition: y_c = M F S_c x, of slices, volumes and series."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Measured, Space
from mridiff_sdk.operators import check_mask, linear, varying_axes

from .kernel import SenseKernel

__all__ = ["KtSense", "Sense3D", "SenseOperator"]


class SenseOperator(LinearOperator):
    """y_c = M F S_c x with coil maps S, complex (1 or sample, coil, y, x), and a binary mask M, real (1 or sample, ky, kx).

    x is complex (sample, y, x), y complex (sample, coil, ky, kx), zero where nothing was sampled. The normal operator transforms along
    those axes only along which the mask varies. Autograd passes to x and y; maps and mask are constants. Raises DataError where maps
    and mask do not fit each other. Pruessmann et al., Magn. Reson. Med. 42, 1999.
    """

    axes: tuple[str, ...] = ("y", "x")
    mask: Tensor

    def __init__(self, maps: Tensor, mask: Tensor) -> None:
        super().__init__()
        space = tuple(a for a in self.axes if a != "t")
        places = tuple(a if a == "t" else f"k{a}" for a in self.axes)
        frames = len(self.axes) - len(space)
        check_mask(mask, places)
        _check_maps(maps, mask, space)
        self.register_buffer("mask", mask if mask.is_floating_point() else mask.float())
        varying = tuple(d for d in varying_axes(mask) if d >= -len(space))
        shared = maps.reshape(*maps.shape[:2], *(1,) * frames, *maps.shape[2:])
        self.kernel = SenseKernel(shared, mask, varying, len(space))
        self.domain = Space(self.axes, tuple(mask.shape[1:]))
        self.codomain = Space(("coil", *places), self.kernel.shape, kind="k-space")

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan whose acquisition holds `mask` and `sensitivity_maps`."""
        mask, maps = measured.require("mask", "sensitivity_maps")
        return cls(maps, mask)

    def forward(self, x: Tensor) -> Tensor:
        """M F S x."""
        return linear(x, self.kernel.forward, self.kernel.adjoint)

    def adjoint(self, y: Tensor) -> Tensor:
        """S^H F^H M y."""
        return linear(y, self.kernel.adjoint, self.kernel.forward)

    def normal(self, x: Tensor) -> Tensor:
        """S^H F^H M F S x."""
        return linear(x, self.kernel.normal, self.kernel.normal)


class Sense3D(SenseOperator):
    """y_c = M F S_c x of a volume: maps (1 or sample, coil, z, y, x), mask (1 or sample, kz, ky, kx), of any support.

    With two phase-encoding directions the mask is the same along the readout, which the normal operator does not transform then.
    """

    axes = ("z", "y", "x")


class KtSense(SenseOperator):
    """y_cf = M_f F S_c x_f of a series: maps (1 or sample, coil, y, x), the same at all times, and a mask (1 or sample, t, ky, kx)."""

    axes = ("t", "y", "x")


def _check_maps(maps: Tensor, mask: Tensor, axes: tuple[str, ...]) -> None:
    wrong = []
    if maps.ndim != len(axes) + 2:
        wrong.append(f"have {maps.ndim} axes instead of (sample, coil, {', '.join(axes)})")
    elif maps.shape[2:] != mask.shape[-len(axes) :]:
        wrong.append(f"have {tuple(maps.shape[2:])} pixels where the mask has {tuple(mask.shape[-len(axes) :])}")
    elif len(maps) != len(mask) and 1 not in {len(maps), len(mask)}:
        wrong.append(f"hold {len(maps)} samples where the mask holds {len(mask)}")
    if not maps.is_complex():
        wrong.append("are real")
    if wrong:
        raise DataError(f"the coil maps {' and '.join(wrong)}",
                        hint=f"Give complex maps (1 or sample, coil, {', '.join(axes)}) on the grid of the mask.")  # fmt: skip
    if maps.requires_grad:
        raise DataError("the coil maps require a gradient, which this operator does not give",
                        hint="Detach the maps, or estimate them with a parametric operator.")  # fmt: skip
