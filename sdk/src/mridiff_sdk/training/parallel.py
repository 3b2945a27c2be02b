"""Parallel: several processes that train one model, over plain torch.distributed.

Why no engine (Lightning Fabric, Accelerate): all that is needed is an average of gradients, and both cost seconds at import, pull
further packages and bring loops of their own. `torchrun --nproc-per-node 2 ...` sets the environment that `join` reads.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn


@dataclass(frozen=True)
class World:
    """This process among all: `rank` of `size`."""

    rank: int = 0
    size: int = 1

    def share(self, batch: int) -> range:
        """The samples of a batch that this process works on, the same number for each; raises ValueError if that is not possible."""
        if batch % self.size:
            raise ValueError(f"a batch of {batch} cannot be shared evenly by {self.size} processes; choose a multiple")
        each = batch // self.size
        return range(self.rank * each, (self.rank + 1) * each)

    def average(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over all processes."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        if not gradients:
            return
        flat = torch.cat([g.reshape(-1) for g in gradients])
        dist.all_reduce(flat)
        flat /= self.size
        for g, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            g.copy_(part.reshape(g.shape))

    def average_number(self, value: float) -> float:
        """The mean of a number over all processes."""
        if self.size == 1:
            return value
        box = torch.tensor([value], dtype=torch.float64)
        dist.all_reduce(box)
        return float(box.item()) / self.size


def join() -> World:
    """The world that torchrun describes in the environment (gloo), or this process alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return World()
    if not dist.is_initialized():
        dist.init_process_group("gloo")
    return World(dist.get_rank(), dist.get_world_size())
