"""Parallel: several processes that train one model, over plain torch.distributed.

Why no engine (Lightning Fabric, Accelerate): all that is needed is an average of gradients, and both cost seconds at import, pull
further packages and bring loops of their own. `mridiff train --processes N` starts N processes on one machine, which meet in a file:
a port that is free when it is looked for may be taken when it is used. On several machines torchrun sets the environment that `join`
reads: `torchrun --nnodes 4 --nproc-per-node 8 --no-python mridiff train ...`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.distributed as dist
from torch import nn
from torch.multiprocessing.spawn import start_processes

from mridiff.errors import ConfigError, Mistake

CPU = torch.device("cpu")
MEETING = "MRIDIFF_MEETING"
"""Environment variable: the file in which the processes of one machine meet; without it they do as torchrun says."""


@dataclass(frozen=True)
class World:
    """This process among all: `rank` of `size`, and the device that it computes on."""

    rank: int = 0
    size: int = 1
    device: torch.device = CPU

    def share(self, batch: int) -> range:
        """The samples of a batch that this process works on, the same number for each; raises ConfigError if that is not possible."""
        if batch % self.size:
            raise ConfigError([Mistake("batch", f"{batch} samples cannot be shared evenly by {self.size} processes; choose a multiple")])
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

    `device` is that of every process; of "cuda" each takes the one with its number on its machine. Raises ConfigError for one that
    does not exist, or not here.
    """
    try:
        place = torch.device(device)
        if place.type == "cuda":
            place = torch.device("cuda", place.index if place.index is not None else int(os.environ.get("LOCAL_RANK", "0")))
        torch.empty(1, device=place).cpu()
        if place.type == "cuda":
            torch.cuda.set_device(place)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0][:200]
        raise ConfigError([Mistake("--device", f"{device} cannot be used here: {reason}")], hint="cpu is always there") from error
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return World(device=place)
    if not dist.is_initialized():
        where = f"file://{os.environ[MEETING]}" if MEETING in os.environ else "env://"
        dist.init_process_group("nccl" if place.type == "cuda" else "gloo", where, rank=int(os.environ["RANK"]), world_size=size)
    return World(dist.get_rank(), dist.get_world_size(), place)


def start(work: Callable[[], None], processes: int) -> None:
    """Run `work` in that many new processes that can `join` each other; ends when all have, or with the first error of one."""
    with TemporaryDirectory() as folder:
        start_processes(_ranked, (work, processes, Path(folder) / "meeting"), processes, start_method="spawn")


def _ranked(rank: int, work: Callable[[], None], processes: int, meeting: Path) -> None:
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes), MEETING: str(meeting)}
    work()
    if dist.is_initialized():
        dist.destroy_process_group()
