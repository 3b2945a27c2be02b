"""ESPIRiT: coil maps as eigenvectors of the operator that local k-space kernels define.

Uecker et al., Magn. Reson. Med. 71, 2014. With W the projection onto the row space of the calibration matrix, k = (1/s) sum_p
R_p^H conj(W) R_p k holds for all k-space (R_p cuts the patch at p out, s its size); this is a convolution, hence at each voxel a
coils x coils matrix G, and the maps are its eigenvectors to the eigenvalue one.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mridiff.errors import DataError

from ..complex import order

CHUNK = 4_000_000  # complex numbers held at once in the matrices G
KERNELS = 3, 6  # sides of the least and the largest kernel that a region is given


def espirit_maps(
    kspace: Tensor,
    region: tuple[slice, slice],
    *,
    kernel: int | None = None,
    threshold: float = 0.02,
    crop: float = 0.0,
) -> Tensor:
    """Coil maps in the shape of `kspace` (sample, coil, ky, kx), with unit root-sum-of-squares over the coils.

    `region` are the slices of ky and kx where all is sampled. The side of the `kernel` is a third of its shorter side, 3 to 6, if none
    is given: a larger one has too few patches in few lines, and fits what they lack. Singular values of the calibration matrix below
    `threshold` times the largest count as noise. Voxels whose eigenvalue is below `crop` get zero maps (0.95 leaves the object, 0 crops
    nothing). The phase is that in which the first principal component of the calibration data has a real, positive map. Raises
    DataError if the region is too small.
    """
    calibration = kspace[..., region[0], region[1]]
    if kernel is None:
        kernel = min(max(KERNELS[0], min(calibration.shape[-2:]) // 3), KERNELS[1])
    if kspace.ndim != 4 or min(calibration.shape[-2:]) < kernel:
        raise DataError(
            f"ESPIRiT with a {kernel} x {kernel} kernel cannot be calibrated on a region of {tuple(calibration.shape[-2:])} "
            f"in k-space of shape {tuple(kspace.shape)}",
            hint="sample more of the centre, take a smaller kernel, or use low_frequency_maps",
        )
    return torch.stack([_maps(c, tuple(kspace.shape[-2:]), kernel, threshold, crop) for c in calibration])


def _maps(calibration: Tensor, shape: tuple[int, ...], kernel: int, threshold: float, crop: float) -> Tensor:
    coils = len(calibration)
    calibration = calibration / order(calibration)  # products of data in small units would underflow
    steering = _kernels(calibration, kernel, threshold)
    across, down = (waves(n, kernel, calibration) for n in (shape[1], shape[0]))
    partial = steering @ across  # (coil, coil, ky offset, x)
    reference = _principal(calibration)
    maps = calibration.new_zeros(coils, *shape)
    rows = max(1, CHUNK // (coils * coils * shape[1]))
    for top in range(0, shape[0], rows):
        G = torch.einsum("oy,abox->yxab", down[:, top : top + rows], partial).contiguous()
        values, vectors = torch.linalg.eigh(G)
        values, vectors = values[..., -1], vectors[..., -1]
        turn = (vectors * reference.conj()).sum(-1, keepdim=True).conj()
        vectors = vectors * torch.sgn(turn)
        if crop > 0:
            vectors = torch.where(values[..., None] >= crop, vectors, 0)
        maps[:, top : top + rows] = vectors.permute(2, 0, 1)
    return maps


def _kernels(calibration: Tensor, kernel: int, threshold: float) -> Tensor:
    """The convolution whose symbol is G, (coil, coil, 2 kernel - 1, 2 kernel - 1), indexed by offset + kernel - 1."""
    coils, k = len(calibration), kernel
    patches = calibration.unfold(1, k, 1).unfold(2, k, 1).permute(1, 2, 0, 3, 4).reshape(-1, coils * k * k)
    values, vectors = torch.linalg.eigh(patches.mH @ patches)
    kept = vectors[:, values > threshold**2 * values[-1]]
    projection = (kept @ kept.mH).conj().reshape(coils, k, k, coils, k, k)
    sums = calibration.new_zeros(coils, coils, 2 * k - 1, 2 * k - 1)
    for y in range(k):
        for x in range(k):
            sums[:, :, k - 1 - y : 2 * k - 1 - y, k - 1 - x : 2 * k - 1 - x] += projection[:, y, x]
    return sums / (k * k)


def waves(n: int, kernel: int, like: Tensor) -> Tensor:
    """exp(-2 pi i offset r / n) for the offsets of a kernel and the centred places r, (offset, r)."""
    offset = torch.arange(1 - kernel, kernel, device=like.device, dtype=torch.float64)
    place = torch.arange(n, device=like.device, dtype=torch.float64) - n // 2
    angle = offset[:, None] * place * (-2 * math.pi / n)
    return torch.polar(torch.ones_like(angle), angle).to(like.dtype)


def _principal(calibration: Tensor) -> Tensor:
    """The weights of the strongest virtual coil, (coil,)."""
    data = calibration.flatten(1)
    principal: Tensor = torch.linalg.eigh(data @ data.mH)[1][:, -1]
    return principal
