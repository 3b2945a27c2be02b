"""Where the calibration data are."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.errors import DataError


def calibration_region(mask: Tensor) -> tuple[slice, slice]:
    """The largest centred box of `mask` (ky, kx), bool, that is fully sampled, as slices of ky and kx.

    A box of size s starts at n // 2 - s // 2, so it always holds the origin. Raises DataError if the origin is not sampled.
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
    y0, x0 = ny // 2 - height // 2, nx // 2 - width // 2
    y1, x1 = y0 + height, x0 + width
    held = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
    area = height * width
    best = int((area * (held == area)).argmax())
    h, w = best // nx + 1, best % nx + 1
    top, left = ny // 2 - h // 2, nx // 2 - w // 2
    return slice(top, top + h), slice(left, left + w)
