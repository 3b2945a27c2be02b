"""Noise of a diffusion that is weaker in some modalities than in others: these come out first, and lead the others."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mridiff.interfaces import Diffusion, Streams


@dataclass(frozen=True)
class Uneven:
    """White noise of standard deviation `std[i]` in modality i, the first axis of the space; a source for Gaussian diffusions."""

    std: tuple[float, ...]

    def __call__(self, like: Tensor, rng: Streams) -> Tensor:
        """A draw in the shape of `like` (sample, modality, ...)."""
        return self.over(like) * rng.normal_like(like)

    def over(self, like: Tensor) -> Tensor:
        """The standard deviations in a shape that multiplies `like` (sample, modality, ...)."""
        return torch.tensor(self.std, dtype=like.real.dtype, device=like.device).reshape(-1, *(1,) * (like.ndim - 2))


def shares(diffusion: Diffusion, modalities: int) -> tuple[float, ...]:
    """The standard deviation of each modality's noise relative to sigma_t: 1 unless the diffusion says otherwise."""
    source = getattr(diffusion, "source", None)
    return source.std if isinstance(source, Uneven) else (1.0,) * modalities
