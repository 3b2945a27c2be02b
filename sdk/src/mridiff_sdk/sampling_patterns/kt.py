"""Time-resolved masks on a Cartesian grid: combs that move by one line per frame, and spokes that turn from frame to frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mridiff.errors import ConfigError, Mistake

from .centre import centre
from .density import angles


def interleaved(shape: Sequence[int], acceleration: int, center_lines: int, *, axis: int = -2, first: int = 0) -> Tensor:
    """Masks (t, ky, kx), bool: frame f takes the lines f + first + R m along `axis` and the central `center_lines` lines.

    Any R frames in a row take every line outside the centre exactly once, as merging by time interleaving needs (Guan et al., arXiv
    2411.03723). The comb alone has the acceleration; the centre comes on top. Raises ConfigError with every fault.
    """
    mistakes = []
    if len(shape) != 3 or min(shape, default=0) < 1:
        mistakes.append(Mistake("shape", f"{tuple(shape)} is not (t, ky, kx)"))
    if axis not in (-2, -1):
        mistakes.append(Mistake("axis", f"{axis} is neither -2 (ky) nor -1 (kx)"))
    if mistakes:
        raise ConfigError(mistakes)
    n = shape[axis]
    if not 1 <= acceleration <= n:
        mistakes.append(Mistake("acceleration", f"{acceleration} is not between 1 and the {n} lines"))
    if not 0 <= center_lines <= n:
        mistakes.append(Mistake("center_lines", f"{center_lines} is not between 0 and the {n} lines"))
    if mistakes:
        raise ConfigError(mistakes)
    t, ny, nx = shape
    lines = (torch.arange(n) - torch.arange(first, first + t)[:, None]) % acceleration == 0
    lines[:, centre(n, center_lines)] = True
    lines = lines[:, :, None] if axis == -2 else lines[:, None, :]
    return lines.expand(t, ny, nx).clone()


def spokes(shape: Sequence[int], count: int, *, first: int = 0) -> Tensor:
    """Masks (t, ky, kx), bool: frame f takes the grid points nearest to `count` diameters; golden angles go on from frame to frame.

    `first` is the number of the first spoke. The radial sampling of retrospective studies, which stays on the grid; a true radial
    trajectory is `sampling_patterns.radial`. Raises ConfigError.
    """
    if len(shape) != 3 or min(shape, default=0) < 1 or count < 1:
        raise ConfigError([Mistake("spokes", f"{count} spokes for frames {tuple(shape)}, which should be (t, ky, kx)")])
    t, ny, nx = shape
    radius = torch.linspace(-1, 1, 2 * max(ny, nx) + 1, dtype=torch.float64)
    angle = angles(t * count, math.pi, True, first).reshape(t, count, 1)
    ky = (ny // 2 + radius * angle.sin() * (ny / 2)).round().long()
    kx = (nx // 2 + radius * angle.cos() * (nx / 2)).round().long()
    inside = (ky >= 0) & (ky < ny) & (kx >= 0) & (kx < nx)
    frame = torch.arange(t)[:, None, None].expand_as(ky)
    mask = torch.zeros(t, ny, nx, dtype=torch.bool)
    mask[frame[inside], ky[inside], kx[inside]] = True
    return mask
