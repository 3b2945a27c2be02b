"""Truncated k-space: an image at a lower resolution than is wanted, y = crop(F x)."""

from __future__ import annotations

from typing import Annotated, Self

from annotated_types import Gt

from mridiff.errors import DataError
from mridiff.interfaces import Composition, Measured, Space
from mridiff_sdk.operators import Crop, Fourier

__all__ = ["TruncationOperator"]


class TruncationOperator(Composition):
    """y = C F x: the middle of k-space, of `sizes` (ky, kx), of an image of `image` (y, x) pixels; y complex (sample, ky, kx).

    A A^H y = y. The normal operator is that of the two factors. Raises ValueError where k-space is larger than the image.
    """

    def __init__(self, image: tuple[int, int], sizes: tuple[int, int]) -> None:
        F = Fourier(Space(("y", "x"), image))
        super().__init__(Crop(F.codomain, dict(zip(("ky", "kx"), sizes, strict=True))), F)

    @classmethod
    def for_scan(
        cls, measured: Measured, *, factor: Annotated[float, Gt(1), "pixels of a side of the image over samples of that side"] = 2.0
    ) -> Self:
        """The operator of a scan whose y is (sample, ky, kx), all of it sampled."""
        y = measured.y
        if isinstance(y, tuple) or y is None or y.ndim != 3:
            raise DataError("truncated k-space of one channel is (sample, ky, kx)", hint="Combine coils first.")
        sizes = (y.shape[1], y.shape[2])
        return cls((round(factor * sizes[0]), round(factor * sizes[1])), sizes)
