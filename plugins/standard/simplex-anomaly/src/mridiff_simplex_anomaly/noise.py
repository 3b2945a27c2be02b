"""Noise: simplex noise of unit power in every draw, and a bank of it that makes a training affordable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mridiff.interfaces import Streams
from mridiff_sdk.diffusions import NoiseSource, Simplex, white

from .kept import kept

OCTAVES, PERSISTENCE = 4, 0.8
"""Of the simplex noise. Wyatt et al., CVPR workshops 2022, have six at 256 pixels, the last 2 pixels wide; of 96, the fourth is 3."""
SHARE = 0.25
"""Its longest wavelength over the width of the image: 64 of 256 pixels there."""


def unit(n: Tensor) -> Tensor:
    """Noise (sample, ..., y, x) with a mean square of 1 in each plane."""
    return n / n.abs().square().mean((-2, -1), keepdim=True).sqrt()


@dataclass(frozen=True)
class UnitSimplex:
    """Four octaves of simplex noise, the longest a quarter of the image wide, whose power is 1 in every draw, not on average alone."""

    share: float = SHARE

    def __call__(self, like: Tensor, rng: Streams) -> Tensor:
        """A draw (sample, ..., y, x) in the shape of `like`, another one for every sample."""
        return unit(Simplex(self.share * like.shape[-1], OCTAVES, PERSISTENCE)(like, rng))


class Bank:
    """Draws of `UnitSimplex` for images of `size` pixels, cut, turned and mirrored from `count` larger planes, which are made once.

    `folder` is where they are kept.
    """

    def __init__(self, size: int, count: int, folder: Path) -> None:
        source, like, rng = Simplex(SHARE * size, OCTAVES, PERSISTENCE), torch.zeros(1, 2 * size, 2 * size), Streams.of(0, "bank", count)
        planes = kept(
            folder / f"simplex-{OCTAVES}-{size}-{count}.npy", lambda: torch.cat([source(like, rng[i]) for i in range(count)]).numpy()
        )
        self.size, self.planes = size, torch.from_numpy(planes)

    def __call__(self, like: Tensor, rng: Streams) -> Tensor:
        """A draw (sample, y, x) in the shape of `like`."""
        which, top, left, turns = (rng.integers(0, n).tolist() for n in (len(self.planes), self.size + 1, self.size + 1, 8))
        drawn = [self._one(*numbers) for numbers in zip(which, top, left, turns, strict=True)]
        return unit(torch.stack(drawn)).to(like)

    def _one(self, which: int, top: int, left: int, turns: int) -> Tensor:
        n = self.planes[which, top : top + self.size, left : left + self.size].rot90(turns % 4)
        return n.T if turns >= 4 else n


SOURCES: dict[str, NoiseSource] = {"simplex": UnitSimplex(), "white": white}
"""What a network may have been trained with, by the name in its file."""
