"""Shots: which echo train measured which line of k-space."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Order = Literal["interleaved", "linear"]
ORDERS: tuple[Order, ...] = ("interleaved", "linear")


def shots_of(mask: Tensor, shots: int, order: Order = "interleaved") -> Tensor:
    """The shot, from 0, of every sample of a mask (1 or sample, ky, kx), as real numbers in its shape; -1 where nothing was measured.

    Lines are counted along kx, or along ky where sampling varies along ky alone. interleaved: every shots-th measured line belongs to
    one shot, so each shot spans k-space; linear: neighbours do, so most shots see no low frequency (the hard case).
    """
    along_ky = torch.equal(mask, mask[..., :1].expand_as(mask)) and not torch.equal(mask, mask[:, :1].expand_as(mask))
    taken = (mask.mT if along_ky else mask).bool()
    lines = taken.any(1)
    rank, count = lines.cumsum(1) - 1, lines.sum(1, keepdim=True)
    shot = rank % shots if order == "interleaved" else rank * shots // count.clamp_min(1)
    numbers = torch.where(taken, shot[:, None].expand_as(taken), -1).to(mask.dtype)
    return numbers.mT.contiguous() if along_ky else numbers
