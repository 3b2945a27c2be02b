"""Cost: what a run spends - calls of networks and operators, counted by hooks and outside of every method."""

from __future__ import annotations

import resource
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from ..interfaces.operator import Operator
from ..interfaces.prior import Prior


@dataclass
class Cost:
    """Images that networks evaluate (`nfe`), that pass back through a prior and that operators are applied to, per sample; and of the whole
    the images of all samples (`items`), time and memory. A prior on a volume counts each slice, an operator made of others once.
    """

    nfe: float = 0.0
    items: int = 0
    backward: float = 0.0
    operator_calls: float = 0.0
    seconds: float = 0.0
    peak_memory_mb: float = 0.0

    def as_dict(self) -> dict[str, float]:
        """The counts as plain data."""
        return asdict(self)


class Counter(AbstractContextManager["Counter"]):
    """Counts every call of a Prior or an Operator inside the block, and the images in it, into `cost`; `samples` share them."""

    def __init__(self, samples: int = 1) -> None:
        self.cost = Cost()
        self.samples = samples
        self._operators = self._applied = self._backward = 0
        self._priors: list[int] = []  # per open prior call: how many priors it called in turn

    def __enter__(self) -> Self:
        self._handles = [register_module_forward_pre_hook(self._before), register_module_forward_hook(self._after, always_call=True)]
        self._start = time.perf_counter()
        return self

    def __exit__(self, *exc: object) -> None:
        for handle in self._handles:
            handle.remove()
        counts = self.cost.items, self._backward, self._applied
        self.cost.nfe, self.cost.backward, self.cost.operator_calls = (n / self.samples for n in counts)
        self.cost.seconds += time.perf_counter() - self._start
        self.cost.peak_memory_mb = peak_memory_mb()

    def _before(self, module: nn.Module, args: Any) -> None:
        if isinstance(module, Operator):
            self._operators += 1
        elif isinstance(module, Prior):
            if self._priors:
                self._priors[-1] += 1
            self._priors.append(0)

    def _after(self, module: nn.Module, args: Any, output: Any) -> None:
        first = output[0] if isinstance(output, tuple) and output else output  # None where the call raised
        images = len(first) if isinstance(first, Tensor) else 0
        if isinstance(module, Operator):
            self._operators -= 1
            self._applied += 0 if self._operators else images
        elif isinstance(module, Prior) and not self._priors.pop():
            self.cost.items += images
            if isinstance(output, Tensor) and output.requires_grad:
                output.register_hook(self._passed_back)

    def _passed_back(self, gradient: Tensor) -> None:
        self._backward += len(gradient)


def peak_memory_mb() -> float:
    """Highest memory of this process so far, and of the accelerator where there is one, in MiB."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    device = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0
    return kilobytes / 1024 + device
