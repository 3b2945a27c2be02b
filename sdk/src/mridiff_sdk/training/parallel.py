"""Parallel: several processes that train one model, over plain torch.distributed.

Why no engine (Lightning Fabric, Accelerate): all that is needed is an average of gradients, and both cost seconds at import, pull
further packages and bring loops of their own. `mridiff train --processes N` starts N processes on one machine; on several, torchrun
sets the environment that `join` reads: `torchrun --nnodes 4 --nproc-per-node 8 --no-python mridiff train ...`.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn
from torch.multiprocessing.spawn import start_processes

CPU = torch.device("cpu")


@dataclass(frozen=True)
class World:
    """This process among all: `rank` of `size`, and the device that it computes on."""

    rank: int = 0
    size: int = 1
    device: torch.device = CPU

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
        box = torch.tensor([value], dtype=torch.float64, device=self.device)
        dist.all_reduce(box)
        return float(box.item()) / self.size

    def wait(self) -> None:
        """Go on when all processes have come here."""
        if self.size > 1:
            dist.barrier()


def join(device: str = "cpu") -> World:
    """The world that the environment describes (gloo, or nccl between graphics processors), or this process alone.

    `device` is that of every process; of "cuda" each takes the one with its number on its machine.
    """
    place = torch.device(device)
    if place.type == "cuda":
        place = torch.device("cuda", place.index if place.index is not None else int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(place)
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return World(device=place)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if place.type == "cuda" else "gloo")
    return World(dist.get_rank(), dist.get_world_size(), place)


def start(work: Callable[[], None], processes: int) -> None:
    """Run `work` in that many new processes that can `join` each other; ends when all have, or with the first error of one."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = str(s.getsockname()[1])
    start_processes(_ranked, (work, processes, port), processes, start_method="spawn")


def _ranked(rank: int, work: Callable[[], None], processes: int, port: str) -> None:
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    work()
    if dist.is_initialized():
        dist.destroy_process_group()
