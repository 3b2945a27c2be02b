"""Quality: how noisy a first image is, and the length of the data step that the study takes from it."""

from __future__ import annotations

import torch
from torch import Tensor

CORNER = 10
"""Pixels of the side of a corner, where there is air."""


def snr(x: Tensor) -> Tensor:
    """20 log10(std of the middle / std of the corners) of magnitudes |x| (sample, ..., y, x), in dB, (sample,).

    The middle is a tenth of each side, the corners are four squares of `CORNER` pixels, or a quarter of a side where that is less.
    """
    m = x.abs()
    ny, nx = m.shape[-2:]
    hy, hx = max(round(ny / 20), 1), max(round(nx / 20), 1)
    cy, cx = min(CORNER, ny // 4), min(CORNER, nx // 4)
    middle = m[..., ny // 2 - hy : ny // 2 + hy, nx // 2 - hx : nx // 2 + hx]
    corners = torch.stack([m[..., y, x] for y in (slice(cy), slice(-cy, None)) for x in (slice(cx), slice(-cx, None))], dim=1)
    tiny = torch.finfo(m.dtype).tiny
    return 20 * (middle.flatten(1).std(1).clamp_min(tiny) / corners.flatten(1).std(1).clamp_min(tiny)).log10()


def studied_rate(x: Tensor) -> float:
    """0.2 for a noisy first image x (sample, ..., y, x), 0.6 for a good one, by their mean SNR; the study takes the SNR of the truth."""
    decibels = float(snr(x).mean())
    return min(max(0.2 + 0.3 * (decibels - 11) / 4, 0.2), 0.5) + min(max(0.1 * (decibels - 15) / 3, 0), 0.1)
