"""intensity-threshold: what is brighter or darker than most of the slice; no network, no noise."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from mridiff.interfaces import Problem, Sampler, Step, Streams

from .evidence import LESION, Side, evidence
from .sampler import Threshold

OBJECT = 0.1
"""What is darker than this part of the brightest is air."""


class IntensityThreshold(Sampler):
    """e = (x - m)^2 with m the median intensity of the object; lesion: e > threshold. x is the first look at the scan, and the result."""

    def __init__(self, *, threshold: Threshold = 0.07, side: Side = "both") -> None:
        super().__init__()
        self.threshold, self.side = threshold, side

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step."""
        x = problem.linear.rough(problem.y).expand(len(rng), *problem.space.shape)
        medians = torch.stack([m[m > OBJECT * m.max()].median() for m in x.abs()])
        yield Step(0, 1, x, outputs={LESION: evidence(x, medians[:, None, None].expand(x.shape), self.threshold, self.side)})
