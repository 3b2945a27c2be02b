"""Echo-planar: lines of k-space one after the other, each at a time of its own, exactly and line by line."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Space

from ..fourier import fft, ifft
from .mask import check_mask


class EchoPlanar(LinearOperator):
    """y_k = sum_p exp(-2 pi i (k p / n + f_p t_k)) x_p / sqrt(n) along the phase encoding, a Fourier transform along the readout.

    x is complex (sample, *, y, x), y (sample, *, ky, kx), zero on lines that were not taken; `field` f real (1 or sample, y, x) in Hz,
    `times` t real (line,) in seconds, `mask` binary (1 or sample, line), lines along `axis`, which is "y" or "x". Each column of the image
    has a matrix, of taken lines by pixels, and A^H A is two products with it: no transform, and nothing is interpolated in time. Raises
    DataError for parts that do not fit. Source: Munger et al., IEEE Trans. Med. Imaging 19, 2000.
    """

    codomain: Space
    rows: Tensor
    matrices: Tensor

    def __init__(self, domain: Space, field: Tensor, times: Tensor, mask: Tensor, axis: str = "y") -> None:
        super().__init__()
        size = domain.shape[-2:]
        if domain.axes[-2:] != ("y", "x") or not domain.complex or axis not in {"y", "x"}:
            raise ValueError(f"lines along {axis} of {domain} cannot be taken; it takes complex images whose last axes are y and x")
        check_mask(mask, (f"k{axis}",))
        self.along, n = ("y", "x").index(axis) - 2, size[("y", "x").index(axis)]
        if field.is_complex() or tuple(field.shape[1:]) != size or times.shape != (n,) or mask.shape[1:] != (n,):
            raise DataError(f"a field map of shape {tuple(field.shape)}, times of shape {tuple(times.shape)} and lines of shape "
                            f"{tuple(mask.shape)} do not fit {n} lines along {axis} of {domain}",
                            hint=f"Give Hz (1 or sample, {size[0]}, {size[1]}), and seconds and lines for every k{axis}.")  # fmt: skip
        rows = mask.any(0).nonzero()[:, 0]
        place = torch.arange(n, dtype=torch.float64, device=field.device) - n // 2
        f = field.double().transpose(1, 2) if axis == "y" else field.double()  # (1 or sample, readout, phase encoding)
        turns = place[rows, None] * place / n + f[:, :, None] * times.double()[rows, None]
        turned = torch.polar(torch.full_like(turns, 1 / math.sqrt(n)), -2 * math.pi * turns) * mask[:, None, rows, None]
        self.register_buffer("rows", rows)
        self.register_buffer("matrices", turned.to(field.dtype.to_complex()))
        self.domain = domain
        self.codomain = replace(domain, axes=(*domain.axes[:-2], "ky", "kx"), kind="k-space")

    def forward(self, x: Tensor) -> Tensor:
        """F E x, E the matrices along the phase encoding and F the transform along the readout."""
        lines = fft(self._times(self.matrices, x), (-3 - self.along,))
        y = lines.new_zeros(x.shape)
        return y.index_copy(self.along, self.rows, lines)

    def adjoint(self, y: Tensor) -> Tensor:
        """E^H F^H y."""
        lines = ifft(y.index_select(self.along, self.rows), (-3 - self.along,))
        return self._times(self.matrices.mH, lines)

    def normal(self, x: Tensor) -> Tensor:
        """E^H E x: the transform along the readout cancels."""
        return self._times(self.matrices.mH, self._times(self.matrices, x))

    def _times(self, M: Tensor, x: Tensor) -> Tensor:
        """M (1 or sample, readout, a, b) times every column of x, whose axis of b becomes one of a."""
        x = x if self.along == -2 else x.mT
        columns = x.reshape(len(x), -1, *x.shape[-2:])
        s, c, b, r = columns.shape
        both = torch.promote_types(M.dtype, x.dtype)
        M, columns = M.to(both), columns.to(both)
        if len(M) == 1:  # all samples and coils are columns of one product, which reads the matrices once
            made = (M[0] @ columns.permute(3, 2, 0, 1).reshape(r, b, s * c)).reshape(r, M.shape[-2], s, c).permute(2, 3, 1, 0)
        else:
            made = (M @ columns.permute(0, 3, 2, 1)).permute(0, 3, 2, 1)
        made = made.reshape(len(made), *x.shape[1:-2], M.shape[-2], r)
        return made if self.along == -2 else made.mT
