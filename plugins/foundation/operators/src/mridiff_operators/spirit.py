"""Multi-coil Cartesian acquisition without coil maps: coil images that are consistent with each other, as calibration lines teach."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import Annotated, Self

import torch
from annotated_types import Ge
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Blocks, Gaussian, Measured
from mridiff_sdk.coils import calibration_region, spirit_symbol, spirit_weights
from mridiff_sdk.operators import Mixing, Stack

from .coil_fourier import CoilFourierOperator

__all__ = ["Spirit"]


class Spirit(Stack):
    """y_c = M F x_c and, as a measurement of its own, 0 = w^(1/2) (G - 1) x, for coil images x, complex (sample, coil, y, x).

    G, complex (1 or sample, coil, coil, y, x), is what predicts every sample of k-space from its neighbours in all coils, seen from the
    images: the k-space of the paper is F x. The second block has the noise of the first, so that `weight` w is what the consistency
    counts beside the data. Mask and maps are as in `CoilFourierOperator`; the maps combine the images that are shown, and no more.
    Lustig and Pauly, Magn. Reson. Med. 64, 2010, equation 5.
    """

    def __init__(self, maps: Tensor, mask: Tensor, G: Tensor, weight: float = 1.0) -> None:
        one = torch.eye(G.shape[1], dtype=G.dtype, device=G.device)[:, :, None, None]
        super().__init__([CoilFourierOperator(maps, mask), Mixing(sqrt(weight) * (G - one))])

    @classmethod
    def for_scan(cls, measured: Measured, *,
                 kernel: Annotated[int, Ge(3), "side of the neighbourhood in k-space, odd"] = 5,
                 l2: Annotated[float, Ge(0), "damping of its weights, in mean eigenvalues of the calibration"] = 0.01,
                 weight: Annotated[float, Ge(0), "weight of the consistency beside the data"] = 1.0) -> Self:  # fmt: skip
        """The operator of a scan with `mask` and `sensitivity_maps`, calibrated on the fully sampled centre of its y.

        Raises DataError where that is smaller than the kernel, or y is not one block of several coils.
        """
        mask, maps = measured.require("mask", "sensitivity_maps")
        y = measured.y
        if not isinstance(y, Tensor) or y.ndim != 4 or y.shape[1] < 2:
            found = "nothing" if y is None else "several blocks" if isinstance(y, tuple) else f"shape {tuple(y.shape)}"
            raise DataError(f"SPIRiT takes y (sample, coil, ky, kx) of several coils, and got {found}",
                            hint="Use fourier for one coil.")  # fmt: skip
        masks = mask.expand(len(y), *mask.shape[1:]) if len(mask) == 1 else mask
        ys = y.expand(len(masks), *y.shape[1:])
        g = [spirit_weights(k[None], calibration_region(m > 0), kernel=kernel, l2=l2) for k, m in zip(ys, masks, strict=True)]
        return cls(maps, mask, spirit_symbol(torch.cat(g), (y.shape[2], y.shape[3])), weight)

    def complete(self, measured: Measured) -> Measured:
        """The measurement, and a zero for the consistency of every coil image; raises TypeError for noise that is not Gaussian."""
        y, noise = measured.y, measured.noise
        if not isinstance(y, Tensor) or not isinstance(noise, Gaussian):
            raise TypeError(f"the consistency stands beside one block with Gaussian noise, not {type(noise).__name__}")
        return replace(measured, y=(y, torch.zeros_like(y)), noise=Blocks((noise, replace(noise, weight=None))))
