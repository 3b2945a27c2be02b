"""Quantitative susceptibility mapping: the local field of a susceptibility map, inside the brain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from annotated_types import Ge
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Measured, Space
from mridiff_sdk.physics import DIMS, convolve, dipole_kernel, truncated_inverse

__all__ = ["DipoleOperator"]

AXES = ("z", "y", "x")
THRESHOLD = 0.2
"""Of the first look at a map, by thresholded division."""


class DipoleOperator(LinearOperator):
    """y = M F^-1 D F x: relative field change y from the susceptibility x, both real (sample, z, y, x) in ppm.

    `mask` M (1 or sample, z, y, x) is 1 where the field is known, 0 elsewhere; `direction` (1 or sample, 3) is that of the main field in
    the order z, y, x; `voxel_size` in mm likewise. `pad` voxels of empty space follow each axis, so that the field does not come round the
    edges; 0 is the periodic model. Voxel weights belong to the noise. A constant has no field, so the scored image is x less its mean
    over the mask, zero outside. Raises DataError for a mask that is not binary, empty, or of other axes.
    Source: Salomir et al., Concepts Magn. Reson. 19B, 2003.
    """

    rough_name = f"TKD, threshold {THRESHOLD}"
    mask: Tensor
    kernel: Tensor

    def __init__(self, mask: Tensor, direction: Tensor, voxel_size: Sequence[float] = (1.0, 1.0, 1.0), pad: int = 0) -> None:
        super().__init__()
        binary = mask.ndim == 4 and not mask.is_complex() and bool(((mask == 0) | (mask == 1)).all())
        if not binary or not bool(mask.flatten(1).any(1).all()):
            raise DataError(f"the brain mask is {mask.dtype} of shape {tuple(mask.shape)}; expected 0 and 1, (sample, z, y, x), not empty",
                            hint="Weights of voxels belong to the noise: Gaussian(std, weight).")  # fmt: skip
        mask = mask if mask.is_floating_point() else mask.float()
        self.grid = tuple(n + pad for n in mask.shape[1:])
        kernel = dipole_kernel(self.grid, voxel_size, direction)[..., : self.grid[-1] // 2 + 1]
        self.register_buffer("mask", mask)
        self.register_buffer("kernel", kernel.to(mask.dtype))
        self.domain = Space(AXES, tuple(mask.shape[1:]), complex=False, unit="ppm", kind="susceptibility")
        self.codomain = Space(AXES, tuple(mask.shape[1:]), complex=False, unit="ppm", kind="field")

    @classmethod
    def for_scan(cls, measured: Measured, *, pad: Annotated[int, Ge(0), "voxels of empty space after each axis; 0: periodic"] = 0) -> Self:
        """The operator of a scan whose acquisition holds `brain_mask` and `b0_direction`; voxels of a scan without geometry are cubes."""
        mask, direction = measured.require("brain_mask", "b0_direction")
        return cls(mask, direction, (1.0, 1.0, 1.0) if measured.geometry is None else measured.geometry.voxel_size, pad)

    def forward(self, x: Tensor) -> Tensor:
        """M F^-1 D F x."""
        return self.mask * convolve(x, self.kernel, self.grid)

    def adjoint(self, y: Tensor) -> Tensor:
        """F^-1 D F M y: D is real and even."""
        return convolve(self.mask * y, self.kernel, self.grid)

    def rough(self, y: Tensor) -> Tensor:
        """Thresholded k-space division."""
        return self.truncated(y, THRESHOLD)

    def truncated(self, y: Tensor, threshold: float) -> Tensor:
        """F^-1 sign(D) / max(|D|, threshold) F M y, (sample, z, y, x)."""
        return convolve(self.mask * y, truncated_inverse(self.kernel, threshold), self.grid)

    def image(self, x: Tensor) -> Tensor:
        """x less its mean over the mask, zero outside."""
        mean = (self.mask * x).sum(DIMS, keepdim=True) / self.mask.sum(DIMS, keepdim=True)
        return self.mask * (x - mean)
