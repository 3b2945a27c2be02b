"""Embedding: a number per sample (noise level, time) as a feature vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class NumberEmbedding(nn.Module):
    """Sines and cosines of a number at geometrically spaced frequencies, then two linear layers: (sample,) -> (sample, features)."""

    frequencies: Tensor

    def __init__(self, features: int, waves: int = 16, lowest: float = 0.25, highest: float = 16.0) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.logspace(0, 1, waves, base=highest / lowest) * lowest, persistent=False)
        self.mix = nn.Sequential(nn.Linear(2 * waves, features), nn.SiLU(), nn.Linear(features, features), nn.SiLU())

    def forward(self, number: Tensor) -> Tensor:
        """Features (sample, features) of a number (sample,) of order one."""
        angle = number[:, None] * self.frequencies
        out: Tensor = self.mix(torch.cat([angle.sin(), angle.cos()], dim=1))
        return out
