"""Judge: a small classifier of what is in a scene, whose layers say how alike two pictures are; decoding has no part in it."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams

from ..metrics.identification import two_way
from ..seeds import seeded_layers
from .scene import ATTRIBUTES, scene

FIRST = 3_000_000
"""Number of the first scene that it learns from; nothing else uses these."""
OTHERS = 3_900_000, 60
"""Number of the first scene from which others are to be told, and how many they are."""
WIDTHS = (16, 24, 32, 48, 64)


class Judge(nn.Module):
    """Five convolutions with rectifiers, the first three halving the resolution, then the counts of attributes."""

    def __init__(self) -> None:
        super().__init__()
        ins = (3, *WIDTHS[:-1])
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2 if i < 3 else 1, padding=1) for i, (a, b) in enumerate(zip(ins, WIDTHS, strict=True)))  # fmt: skip
        self.head = nn.LazyLinear(len(ATTRIBUTES))

    def layers(self, x: Tensor) -> list[Tensor]:
        """The output of every convolution for pictures (sample, channel, y, x)."""
        found = []
        for convolution in self.convolutions:
            x = convolution(x).relu()
            found.append(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Counts of ATTRIBUTES, (sample, channel)."""
        counts: Tensor = self.head(self.layers(x)[-1].flatten(1))
        return counts


@cache
def trained_judge(size: int, scenes: int = 4000, updates: int = 1000, batch: int = 64) -> Judge:
    """A judge of pictures of `size` pixels, trained from a fixed seed, once in a process; half a minute."""
    shown = [scene(FIRST + i) for i in range(scenes)]
    x, counts = torch.stack([s.picture(size) for s in shown]), torch.stack([s.counts() for s in shown])
    rng = Streams(["judge"])
    with seeded_layers(0), torch.enable_grad():
        judge = Judge()
        judge(x[:1])
        optimiser = torch.optim.AdamW(judge.parameters(), lr=2e-3)
        for i in range(updates):
            which = rng.integers(0, scenes, (batch,))[0]
            optimiser.param_groups[0]["lr"] = 2e-3 * (1 - i / updates)
            optimiser.zero_grad()
            (judge(x[which]) - counts[which]).square().mean().backward()
            optimiser.step()
    return judge.eval().requires_grad_(False)


@cache
def _others(size: int) -> list[Tensor]:
    return trained_judge(size).layers(torch.stack([scene(OTHERS[0] + i).picture(size) for i in range(OTHERS[1])]))


@torch.no_grad()
def identified(picture: Tensor, shown: Tensor, layer: int) -> Tensor:
    """How often layer 1 to 5 of the judge tells what was shown (sample, channel, y, x) from other scenes by its picture; chance is 0.5."""
    judge, others = trained_judge(picture.shape[-1]), _others(picture.shape[-1])
    own, seen = (judge.layers(x.float())[layer - 1] for x in (picture, shown))
    return two_way(own, seen, others[layer - 1])
