"""Centre: the middle of k-space, on which the coil maps of samples off a grid rest, and how well they cover it."""

from __future__ import annotations

import torch
from torch import Tensor

SIDE = 24
"""Samples along each side of the centre, where the image has as many pixels."""

LEAST = 0.9
"""The part of its places that must hold a sample for maps to be estimated without a word."""


def sides(size: tuple[int, int]) -> tuple[int, int]:
    """The sides of the centre of k-space, for an image of a size (y, x)."""
    return min(SIDE, size[0]), min(SIDE, size[1])


def thin_centre(k: Tensor, size: tuple[int, int]) -> tuple[str, ...]:
    """What is odd about coil maps of a size that rest on the centre of the places k (..., channel), cycles per field of view, in sentences.

    A place is a cell of one cycle per field of view, the distance of neighbours on a full grid (Nyquist).
    """
    n = torch.tensor(sides(size))
    cells = (k.flatten(0, -2) + n / 2).floor().long()
    cells = cells[((cells >= 0) & (cells < n)).all(-1)]
    held = len(torch.unique(cells, dim=0)) / int(n.prod())
    if held >= LEAST:
        return ()
    return (f"the coil maps rest on an undersampled centre of k-space ({held:.0%} of its {n[0]} x {n[1]} places hold a sample): "
            "expect aliasing; sample more of the centre",)  # fmt: skip
