"""Mask: what is measured is kept, the rest is zero."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Space

from .local import Local


class Mask(Local):
    """M x, x (sample, *space), with a binary mask, real (1 or sample, *axes), over some axes of the space, in its order; by default all.

    Raises DataError for a mask that is not binary, or has other axes or sizes.
    """

    mask: Tensor

    def __init__(self, space: Space, mask: Tensor, axes: tuple[str, ...] | None = None) -> None:
        super().__init__()
        axes = space.axes if axes is None else axes
        check_mask(mask, axes)
        self.shape = tuple(n if a in axes else 1 for a, n in zip(space.axes, space.shape, strict=True))
        order = tuple(a for a in space.axes if a in axes)
        if order != axes or tuple(space.shape[space.axes.index(a)] for a in order) != mask.shape[1:]:
            raise DataError(f"a mask of shape {tuple(mask.shape)} over {', '.join(axes)} does not fit {space}",
                            hint="Give (1 or sample, *axes) with the axes in the order of the space.")  # fmt: skip
        self.register_buffer("mask", mask if mask.is_floating_point() else mask.float())
        self.varying = frozenset(space.dim(axes[d]) for d in varying_axes(mask))
        self.domain = self.codomain = space

    @property
    def factor(self) -> Tensor:
        """The mask, shaped to multiply x."""
        return self.mask.reshape(-1, *self.shape)

    def forward(self, x: Tensor) -> Tensor:
        """M x."""
        return self.factor * x

    def adjoint(self, y: Tensor) -> Tensor:
        """M y."""
        return self.factor * y

    def normal(self, x: Tensor) -> Tensor:
        """M x: a mask is a projection."""
        return self.factor * x

    def wrapped(self, x: Tensor, dims: tuple[int, ...]) -> Tensor:
        """M x, the origin first."""
        first: Tensor = torch.fft.ifftshift(self.factor, dims)
        return first * x


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
    """The axes of a mask (1 or n, ...), from the end, along which that of any sample varies.

    Along every other axis each line is sampled entirely or not at all, so its Fourier transform cancels in A^H A.
    """
    return tuple(axis for axis in range(1 - mask.ndim, 0) if not torch.equal(mask, mask.narrow(axis, 0, 1).expand_as(mask)))
