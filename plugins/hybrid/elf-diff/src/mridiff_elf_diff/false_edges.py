"""False edges: what a reconstruction shows where there is nothing."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from mridiff_sdk.metrics import head_region

__all__ = ["false_edges"]


def false_edges(estimate: Tensor, reference: Tensor) -> Tensor:
    """Gradient energy of |estimate| 3 pixels off the object and further, in per cent of the reference's near it, (sample,)."""
    near = max_pool2d(head_region(reference).float(), 7, 1, 3) > 0
    found, there = (energy(x) for x in (estimate, reference))
    score: Tensor = 100 * (found * ~near).sum((-2, -1)) / (there * near).sum((-2, -1))
    return score


def energy(x: Tensor) -> Tensor:
    """|grad |x||^2 by differences of neighbours, (sample, y, x)."""
    down, across = torch.gradient(x.abs(), dim=(-2, -1))
    size: Tensor = down.square() + across.square()
    return size
