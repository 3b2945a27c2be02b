"""The field of magnetised matter: a convolution with the unit dipole, and its truncated inverse."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mridiff.errors import DataError

DIMS = (-3, -2, -1)


def dipole_kernel(shape: Sequence[int], voxel_size: Sequence[float], direction: Tensor) -> Tensor:
    """D(k) = 1/3 - (k.b)^2 / |k|^2, D(0) = 0, in double precision and in the order of `fftn`, (sample, z, y, x).

    `shape` and `voxel_size` (any unit of length) are those of the axes z, y, x; `direction` b (sample, 3) is that of the main field
    in the same order, of any length. At frequencies that stand for k and -k at once D is the mean of both, so that the field of a real
    susceptibility is real. Raises DataError for a direction of length zero. Source: Salomir et al., Concepts Magn. Reson. 19B, 2003.
    """
    b = direction.to(torch.float64)
    length = torch.linalg.vector_norm(b, dim=-1, keepdim=True)
    if b.ndim != 2 or b.shape[1] != 3 or not bool((length > 0).all()):
        raise DataError(f"the field direction is {direction.tolist()}", hint="Give three numbers (z, y, x), not all zero, per sample.")
    b = (b / length)[..., None, None, None]
    k = torch.meshgrid(*(torch.fft.fftfreq(n, v, dtype=torch.float64) for n, v in zip(shape, voxel_size, strict=True)), indexing="ij")
    along = b[:, 0] * k[0] + b[:, 1] * k[1] + b[:, 2] * k[2]
    square = k[0] ** 2 + k[1] ** 2 + k[2] ** 2
    D = torch.where(square > 0, 1 / 3 - along**2 / torch.where(square > 0, square, 1), 0)
    mirrored = D.flip(DIMS).roll((1, 1, 1), DIMS)
    return 0.5 * (D + mirrored)


def convolve(x: Tensor, kernel: Tensor, grid: Sequence[int]) -> Tensor:
    """F^-1 K F x on a periodic `grid`, at whose near corner x, real (sample, z, y, x), lies; the rest of it is empty and cut away.

    `kernel` (1 or sample, *grid with its last axis halved) is in the order of `rfftn`.
    """
    z, y, across = x.shape[-3:]
    out: Tensor = torch.fft.irfftn(kernel * torch.fft.rfftn(x, s=tuple(grid), dim=DIMS), s=tuple(grid), dim=DIMS)
    return out[..., :z, :y, :across]


def truncated_inverse(kernel: Tensor, threshold: float) -> Tensor:
    """sign(D) / max(|D|, threshold) in the shape of `kernel`: thresholded k-space division; 0 where D is.

    Source: Shmueli et al., Magn. Reson. Med. 62, 2009; Wharton, Schaefer, Bowtell, Magn. Reson. Med. 63, 2010.
    """
    return kernel.sign() / kernel.abs().clamp_min(threshold)
