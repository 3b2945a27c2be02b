"""Where the calibration data are."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.errors import DataError

from ..sampling_patterns.centre import centre


def calibration_region(mask: Tensor) -> tuple[slice, slice]:
    """The largest centred box of `mask` (ky, kx), bool, that is fully sampled, as slices of ky and kx.

    A box lies as the centre of the sampling patterns does, so it always holds the origin. Raises DataError if that is not sampled.
    """
    if mask.ndim != 2 or mask.dtype != torch.bool:
        raise DataError(f"a mask must be bool (ky, kx), got {mask.dtype} of shape {tuple(mask.shape)}")
    ny, nx = mask.shape
    if not mask[ny // 2, nx // 2]:
        raise DataError(
            "the origin of k-space is not sampled, so there is no calibration region",
            hint="pass coil maps, or use a sampling pattern with a fully sampled centre",
        )
    table = torch.zeros(ny + 1, nx + 1, dtype=torch.int64, device=mask.device)
    table[1:, 1:] = mask.long().cumsum(0).cumsum(1)
    height, width = torch.arange(1, ny + 1, device=mask.device)[:, None], torch.arange(1, nx + 1, device=mask.device)
    y0, x0 = (ny - height + 1) // 2, (nx - width + 1) // 2
    y1, x1 = y0 + height, x0 + width
    held = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
    area = height * width
    best = int((area * (held == area)).argmax())
    return centre(ny, best // nx + 1), centre(nx, best % nx + 1)
