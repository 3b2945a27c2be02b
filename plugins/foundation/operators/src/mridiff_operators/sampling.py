"""Sampling masks on a Cartesian grid: which axes they vary along, and whether they are masks at all."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.errors import DataError


def check_mask(mask: Tensor, axes: tuple[str, ...] = ("ky", "kx")) -> None:
    """Raise DataError unless `mask` is real, (1 or n, *axes), and holds zeros and ones only."""
    if mask.ndim != len(axes) + 1 or mask.is_complex():
        named = ", ".join(axes)
        raise DataError(
            f"the sampling mask is {mask.dtype} of shape {tuple(mask.shape)}; expected real (sample, {named})",
            hint=f"Give one mask for all samples as (1, {named}), or one per sample.",
        )
    if not bool(((mask == 0) | (mask == 1)).all()):
        raise DataError("the sampling mask holds values other than 0 and 1", hint="Weights belong to the noise: Gaussian(std, weight).")


def varying_axes(mask: Tensor) -> tuple[int, ...]:
    """Axes, of (-2, -1), along which the sampling of any sample varies.

    Along every other axis each line is sampled entirely or not at all, so its Fourier transform cancels in A^H A.
    """
    return tuple(axis for axis in (-2, -1) if not torch.equal(mask, mask.narrow(axis, 0, 1).expand_as(mask)))
