"""Pixels: ridge regression from responses straight to the picture, which every decoder has to be measured by."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from mridiff import Method
from mridiff.interfaces import Problem, Sampler, Step, Streams
from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_sdk.ridge import Ridge


class ToPixels(Sampler):
    """Ridge regression from the responses to training scenes straight to their pixels."""

    def __init__(self, stimuli: int) -> None:
        super().__init__()
        scans = list(SimFMRI(split="train", stimuli=stimuli))
        v, x = torch.cat([s.measured.conditions["voxels"].data for s in scans]), torch.cat([s.truth["x"].data for s in scans])
        self.ridge = Ridge(v.shape[1], x.shape[1:], 128)
        self.ridge.fit(v, x)

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step: the picture."""
        yield Step(0, 1, self.ridge(problem.conditions["voxels"].data).clamp(0, 1))


def to_pixels(method: Method, stimuli: int = 2400) -> None:
    """Put this sampler into a method, fitted to so many training scenes."""
    sampler = ToPixels(stimuli)
    method.sampler = lambda _: sampler  # type: ignore[assignment, method-assign]
