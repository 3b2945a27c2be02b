"""Real images: whether k-space can be that of one, by the symmetry of its samples about the origin."""

from __future__ import annotations

import torch
from torch import Tensor

MOST = 0.05
"""The part of the energy that may lie in the imaginary part of the image, beside its noise."""


def facing(y: Tensor, mask: Tensor, std: float) -> tuple[Tensor, list[str]]:
    """K-space (ky, kx) whose constant phase is turned to zero, and what is wrong with it where its image is not real then.

    Of a real image k(-p) is the conjugate of k(p); pairs of samples that are both measured, bool (ky, kx), tell.
    """
    both = mask & opposite(mask)
    pairs = torch.where(both, y, 0)
    turn = torch.polar(torch.ones(()), (pairs * opposite(pairs)).sum().angle() / 2)
    y, pairs = y * turn.conj(), pairs * turn.conj()
    sign = torch.sgn(y[y.shape[0] // 2, y.shape[1] // 2].real)
    imaginary = (pairs - opposite(pairs).conj()).abs().square().sum() / 4 - int(both.sum()) * std**2 / 2
    share = float(imaginary / pairs.abs().square().sum().clamp_min(torch.finfo(torch.float32).tiny))
    if share > MOST:
        return y, [f"kspace: its image has a phase ({share:.0%} of the energy is in the imaginary part), and images of a pair are real; "
                   "give the magnitudes of the image as `mr`, or k-space of one coil whose phase is taken out"]  # fmt: skip
    return y * (sign if sign else 1), []


def opposite(k: Tensor) -> Tensor:
    """The sample on the other side of the origin, index n // 2, for each of (ky, kx)."""
    return torch.roll(k.flip((-2, -1)), [1 - n % 2 for n in k.shape[-2:]], (-2, -1))
