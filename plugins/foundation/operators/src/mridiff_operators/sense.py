"""Multi-coil Cartesian acquisition: y_c = M F S_c x."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Measured, Space
from mridiff_sdk.operators import check_mask, linear, varying_axes

from .kernel import SenseKernel

__all__ = ["SenseOperator"]


class SenseOperator(LinearOperator):
    """y_c = M F S_c x with coil maps S, complex (1 or sample, coil, y, x), and a binary mask M, real (1 or sample, ky, kx).

    x is complex (sample, y, x), y complex (sample, coil, ky, kx), zero where nothing was sampled. Masks that vary along one axis only
    get a normal operator of 1-D transforms. Autograd passes to x and y; maps and mask are constants. Raises DataError where maps
    and mask do not fit each other. Pruessmann et al., Magn. Reson. Med. 42, 1999.
    """

    mask: Tensor

    def __init__(self, maps: Tensor, mask: Tensor) -> None:
        super().__init__()
        check_mask(mask)
        _check_maps(maps, mask)
        self.register_buffer("mask", mask if mask.is_floating_point() else mask.float())
        self.kernel = SenseKernel(maps, mask, varying_axes(mask))
        self.domain = Space(("y", "x"), tuple(maps.shape[2:]))
        self.codomain = Space(("coil", "ky", "kx"), tuple(maps.shape[1:]), kind="k-space")

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


def _check_maps(maps: Tensor, mask: Tensor) -> None:
    wrong = []
    if maps.ndim != 4:
        wrong.append(f"have {maps.ndim} axes instead of (sample, coil, y, x)")
    elif maps.shape[2:] != mask.shape[1:]:
        wrong.append(f"have {tuple(maps.shape[2:])} pixels where the mask has {tuple(mask.shape[1:])}")
    elif len(maps) != len(mask) and 1 not in {len(maps), len(mask)}:
        wrong.append(f"hold {len(maps)} samples where the mask holds {len(mask)}")
    if not maps.is_complex():
        wrong.append("are real")
    if wrong:
        raise DataError(f"the coil maps {' and '.join(wrong)}", hint="Give complex maps (1 or sample, coil, y, x) on the grid of the mask.")
    if maps.requires_grad:
        raise DataError("the coil maps require a gradient, which this operator does not give",
                        hint="Detach the maps, or estimate them with a parametric operator.")  # fmt: skip
