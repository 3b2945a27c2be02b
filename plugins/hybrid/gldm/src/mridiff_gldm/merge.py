"""Time-interleaved merging: references for training that are made of undersampled series alone."""

from __future__ import annotations

import torch
from torch import Tensor


def merge(y: Tensor, mask: Tensor, length: int) -> Tensor:
    """Frames filled up from their neighbours: k-space (sample, t, ky, kx) and its mask, real, give k-space of the same shape.

    Frames are merged in groups of `length` in a row (the last group may be shorter). A frame keeps its own samples; elsewhere it gets
    the mean of what the group sampled there, and 0 where none of it did. What lies outside of the mask is never read. Source: Guan et
    al., arXiv 2411.03723, whose released scripts add without dividing by the number of hits.
    """
    own = torch.where(mask > 0, y, torch.zeros_like(y))
    groups = []
    for k, m in zip(own.split(length, dim=1), mask.split(length, dim=1), strict=True):
        hits = m.sum(1, keepdim=True)
        groups.append(torch.where(m > 0, k, k.sum(1, keepdim=True) / hits.clamp_min(1)))
    return torch.cat(groups, dim=1)
