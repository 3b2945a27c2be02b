"""Operator: an image that is there already."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Measured, Space


class WholeImage(LinearOperator):
    """y = x, real magnitudes (sample, y, x): nothing is missing, and something is looked for in it.

    Raises DataError for a scan whose y is anything else.
    """

    rough_name = "image"

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.domain = self.codomain = Space(("y", "x"), size, complex=False)

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan whose y is one real image."""
        y = measured.y
        if not isinstance(y, Tensor) or y.ndim != 3 or y.is_complex():
            raise DataError("an image in which lesions are looked for is real (sample, y, x)", hint="Reconstruct it, and take magnitudes.")
        return cls((y.shape[1], y.shape[2]))

    def forward(self, x: Tensor) -> Tensor:
        """The image itself."""
        return x.clone()

    def adjoint(self, y: Tensor) -> Tensor:
        """The image itself."""
        return y.clone()
