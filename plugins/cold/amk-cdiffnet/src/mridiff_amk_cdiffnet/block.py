"""The AMK block: several receptive fields side by side, weighted for each channel and each band of frequencies."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

HIDDEN = 8
"""Numbers between what a block sees and how it weights its branches."""


def branch(reach: int, width: int) -> nn.Module:
    """Convolutions with a receptive field of `reach` samples: one 3 x 3, two of them (5), or one with dilation 3 (7)."""
    if reach == 3:
        return nn.Conv2d(width, width, 3, padding=1)
    if reach == 5:
        return nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1))
    if reach == 7:
        return nn.Conv2d(width, width, 3, padding=3, dilation=3)
    raise ValueError(f"a branch reaches 3, 5 or 7 samples, not {reach}")


class AMKBlock(nn.Module):
    """x + sum_j a_j branch_j(h), h = silu(x) scaled and shifted by the time; a = softmax over j, per channel and per band.

    The logits come from the mean of all branches over k-space and the time, through a small network whose last layer starts at zero: all
    branches count alike at first, so none is shut out early. A single branch has no choice and no such network.
    """

    def __init__(self, width: int, features: int, bands: int = 4, reaches: Sequence[int] = (3, 5, 7)) -> None:
        super().__init__()
        self.shape = (bands, width, len(reaches))
        self.film = nn.Linear(features, 2 * width)
        self.branches = nn.ModuleList(branch(r, width) for r in reaches)
        with torch.no_grad():
            self.film.weight.mul_(0.1)
        self.gate: nn.Sequential | None = None
        if len(reaches) > 1:
            last = nn.Linear(HIDDEN, bands * width * len(reaches))
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            self.gate = nn.Sequential(nn.Linear(width + features, HIDDEN), nn.SiLU(), last)

    def forward(self, x: Tensor, features: Tensor, rings: Tensor) -> Tensor:
        """Same shape as x (sample, width, ky, kx); features (sample, features); rings (band, ky, kx)."""
        scale, shift = self.film(features)[..., None, None].chunk(2, dim=1)
        h = functional.silu(x) * (1 + scale) + shift
        parts = [part(h) for part in self.branches]
        if self.gate is None:
            alone: Tensor = x + parts[0]
            return alone
        mean = torch.stack([part.mean((2, 3)) for part in parts]).sum(0)
        weights = self.gate(torch.cat([mean, features], dim=1)).reshape(-1, *self.shape).softmax(-1)
        everywhere = weights.permute(0, 3, 2, 1) @ rings.flatten(1)  # (sample, branch, width, ky kx)
        for j, part in enumerate(parts):
            x = x + everywhere[:, j].reshape(part.shape) * part
        return x
