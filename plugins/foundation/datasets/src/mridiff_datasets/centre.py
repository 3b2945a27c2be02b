"""Centre: how well samples off a grid cover the middle of k-space, on which coil maps rest."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST = 0.9
"""The part of its places that must hold a sample for maps to be estimated without a word."""


def thin_centre(k: Tensor, sides: tuple[int, ...]) -> tuple[str, ...]:
    """What is odd about coil maps that rest on the places k (sample, channel) within `sides` cycles about the origin, in sentences.

    A place is a cell of one cycle per field of view, the distance of neighbours on a full grid (Nyquist).
    """
    n = torch.tensor(sides)
    cells = (k + n / 2).floor().long()
    cells = cells[((cells >= 0) & (cells < n)).all(-1)]
    held = len(torch.unique(cells, dim=0)) / int(n.prod())
    if held >= LEAST:
        return ()
    return (f"the coil maps rest on an undersampled centre of k-space ({held:.0%} of its {sides[0]} x {sides[1]} places hold a sample): "
            "expect aliasing; sample more of the centre",)  # fmt: skip
