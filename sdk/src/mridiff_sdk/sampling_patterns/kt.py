"""Time-resolved Cartesian masks: combs that move by one line per frame, and a fully sampled centre."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mridiff.errors import ConfigError, Problem


def interleaved(shape: Sequence[int], acceleration: int, center_lines: int, *, axis: int = -2, first: int = 0) -> Tensor:
    """Masks (t, ky, kx), bool: frame f takes the lines f + first + R m along `axis` and the central `center_lines` lines.

    Any R frames in a row take every line outside the centre exactly once, as merging by time interleaving needs (Guan et al., arXiv
    2411.03723). The comb alone has the acceleration; the centre comes on top. Raises ConfigError with every fault.
    """
    problems = []
    if len(shape) != 3 or min(shape, default=0) < 1:
        problems.append(Problem("shape", f"{tuple(shape)} is not (t, ky, kx)"))
    if axis not in (-2, -1):
        problems.append(Problem("axis", f"{axis} is neither -2 (ky) nor -1 (kx)"))
    if problems:
        raise ConfigError(problems)
    n = shape[axis]
    if not 1 <= acceleration <= n:
        problems.append(Problem("acceleration", f"{acceleration} is not between 1 and the {n} lines"))
    if not 0 <= center_lines <= n:
        problems.append(Problem("center_lines", f"{center_lines} is not between 0 and the {n} lines"))
    if problems:
        raise ConfigError(problems)
    t, ny, nx = shape
    lines = (torch.arange(n) - torch.arange(first, first + t)[:, None]) % acceleration == 0
    start = n // 2 - center_lines // 2
    lines[:, start : start + center_lines] = True
    lines = lines[:, :, None] if axis == -2 else lines[:, None, :]
    return lines.expand(t, ny, nx).clone()
