"""Where training batches come from: cubes of drawn brains."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mridiff.interfaces import Streams
from mridiff_datasets.qsm import averaged, fine_map
from mridiff_sdk.training import Batch

from .prior import TRAINED


def volume(subject: int, size: int) -> Tensor:
    """A subject's map in units of the network, real (z, y, x): zero outside of the brain, and there on average."""
    fine, mask = fine_map(subject, size, 0)
    x = averaged(fine)
    return (mask * (x - (mask * x).sum() / mask.sum()) / TRAINED)[0]


class Cubes:
    """Random cubes of `patch` voxels of these volumes (subject, z, y, x), mirrored at random along each axis, as "x" (sample, z, y, x)."""

    def __init__(self, volumes: Tensor, patch: int, seed: int) -> None:
        self.volumes, self.patch, self.seed = volumes, patch, seed

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`."""
        rng = Streams([f"{self.seed}/cubes/{step}/{i}" for i in samples])
        which = rng.integers(0, len(self.volumes)).tolist()
        places = rng.integers(0, self.volumes.shape[1] - self.patch + 1, (3,)).tolist()
        mirrors = rng.integers(0, 2, (3,)).tolist()
        return Batch(truth={"x": torch.stack([self._cube(*cut) for cut in zip(which, places, mirrors, strict=True)])})

    def _cube(self, which: int, place: Sequence[int], mirror: Sequence[int]) -> Tensor:
        z, y, x = (slice(p, p + self.patch) for p in place)
        return self.volumes[which][z, y, x].flip([axis for axis, yes in enumerate(mirror) if yes])
