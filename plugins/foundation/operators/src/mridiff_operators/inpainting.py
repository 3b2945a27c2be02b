"""Inpainting: an image of which regions are known, y = M x."""

from __future__ import annotations

from typing import Self

from mridiff.errors import DataError
from mridiff.interfaces import Measured, Space
from mridiff_sdk.operators import Mask

__all__ = ["InpaintingOperator"]


class InpaintingOperator(Mask):
    """y = M x with `region` M, real (1 or sample, y, x), 1 where the image x (sample, y, x) is known and 0 where it is to be found.

    A A^H y = y. For a lesion that is to be replaced, a signal void, a field of view that ends early. Raises DataError for a region that
    is not binary, or of another size than y.
    """

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of a scan whose y is an image (sample, y, x), complex, with `region` in its acquisition."""
        (region,), y = measured.require("region"), measured.y
        if isinstance(y, tuple) or y is None or y.ndim != 3:
            raise DataError("an image of which regions are known is (sample, y, x)", hint="Combine coils first.")
        return cls(Space(("y", "x"), (y.shape[1], y.shape[2])), region)
