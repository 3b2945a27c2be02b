"""PET beside MR: one operator of two blocks, each with the scale of its own modality inside."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Measured
from mridiff_operators.fourier import FourierOperator
from mridiff_sdk.operators import AsComplex, Block, Radon


class PetMrOperator(Block):
    """(u, v) -> (s P u, c M F v): counts of PET (sample, angle, bin) and k-space of one coil (sample, ky, kx) of a real pair.

    `angles` (1, angle) in radians, `mask` (1 or sample, ky, kx), `scale` (1 or sample, modality): s in counts, c in units of k-space,
    for a pair (sample, modality, y, x) whose images are about 0 to 1.
    """

    def __init__(self, angles: Tensor, bins: int, mask: Tensor, scale: Tensor) -> None:
        mr = FourierOperator(mask)
        ny, nx = mr.domain.shape
        real = mr @ AsComplex(mr.domain)
        super().__init__([Radon((ny, nx), angles, bins, scale[:, 0]), real.scaled(scale[:, 1, None, None])])

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan whose acquisition holds `angles`, `mask` and `scale`. Raises DataError where y is not such a pair."""
        angles, mask, scale = measured.require("angles", "mask", "scale")
        y = measured.y
        if not isinstance(y, tuple) or len(y) != 2 or y[0].ndim != 3 or y[0].shape[1] != angles.shape[-1]:
            found = [tuple(b.shape) for b in y] if isinstance(y, tuple) else None if y is None else tuple(y.shape)
            raise DataError(f"the measurement has shapes {found}; expected a sinogram (sample, {angles.shape[-1]} angles, bin) and "
                            "k-space (sample, ky, kx)", hint="Use the dataset `pet-mr-phantom`, or give both as a tuple.")  # fmt: skip
        return cls(angles, y[0].shape[-1], mask, scale)
