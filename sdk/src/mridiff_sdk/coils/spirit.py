"""SPIRiT: every sample of k-space from its neighbours in all coils, by weights that the calibration lines teach.

Lustig and Pauly, Magn. Reson. Med. 64, 2010, sections "Consistency with the calibration" and "Image domain".
"""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.errors import DataError

from .espirit import waves


def spirit_weights(kspace: Tensor, region: tuple[slice, slice], *, kernel: int = 5, l2: float = 0.01) -> Tensor:
    """g, (sample, coil, coil, kernel, kernel): k_a(p) = sum over b and offsets o of g_ab(o) k_b(p + o), o from -(kernel // 2) on.

    Fitted to all patches of `kspace` (sample, coil, ky, kx) in `region`, the slices of ky and kx where all is sampled, by least squares
    with `l2` times the mean eigenvalue of the normal matrix as damping; no sample has a weight of its own. Raises DataError for an even
    kernel, and for a region with fewer patches than one row of them.
    """
    calibration = kspace[..., region[0], region[1]]
    size = tuple(calibration.shape[-2:])
    if kernel % 2 == 0 or min(size) < kernel:
        raise DataError(f"SPIRiT weights of {kernel} x {kernel} samples cannot be fitted to a region of {size[0]} x {size[1]}",
                        hint="Take an odd kernel that fits, or sample more of the centre.")  # fmt: skip
    return torch.stack([_fitted(c, kernel, l2) for c in calibration])


def spirit_symbol(weights: Tensor, size: tuple[int, int]) -> Tensor:
    """G, (sample, coil, coil, y, x): what the weights of k-space are for coil images of `size`, x_a(r) = sum_b G_ab(r) x_b(r)."""
    reach = weights.shape[-1] // 2 + 1
    across, down = waves(size[1], reach, weights), waves(size[0], reach, weights)
    return torch.einsum("nabuv,vx,uy->nabyx", weights, across, down)


def _fitted(calibration: Tensor, k: int, l2: float) -> Tensor:
    """The weights of one sample, (coil, coil, k, k)."""
    coils = len(calibration)
    patches = calibration.unfold(1, k, 1).unfold(2, k, 1).permute(1, 2, 0, 3, 4).reshape(-1, coils * k * k)
    gram = patches.mH @ patches
    n = len(gram)
    damping = l2 * gram.diagonal().real.mean() * torch.eye(n - 1, dtype=gram.dtype, device=gram.device)
    weights = gram.new_zeros(coils, n)
    for coil in range(coils):
        own = coil * k * k + k * k // 2
        others = [i for i in range(n) if i != own]
        weights[coil, others] = torch.linalg.solve(gram[others][:, others] + damping, gram[others, own])
    return weights.reshape(coils, coils, k, k)
