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
    """Network evaluations (`nfe`), the images they saw (`items`), backward passes through a prior, operator applications, time, memory.

    An adaptor that calls its prior five times counts five evaluations; an operator made of others counts once.
    """

    nfe: int = 0
    items: int = 0
    backward: int = 0
    operator_calls: int = 0
    seconds: float = 0.0
    peak_memory_mb: float = 0.0

    def as_dict(self) -> dict[str, float]:
        """The counts as plain data."""
        return asdict(self)


class Counter(AbstractContextManager["Counter"]):
    """Counts every call of a Prior or an Operator inside the block into `cost`."""

    def __init__(self) -> None:
        self.cost = Cost()
        self._operators = 0
        self._priors: list[int] = []  # per open prior call: how many priors it called in turn

    def __enter__(self) -> Self:
        self._handles = [register_module_forward_pre_hook(self._before), register_module_forward_hook(self._after, always_call=True)]
        self._start = time.perf_counter()
        return self

    def __exit__(self, *exc: object) -> None:
        for handle in self._handles:
            handle.remove()
        self.cost.seconds += time.perf_counter() - self._start
        self.cost.peak_memory_mb = peak_memory_mb()

    def _before(self, module: nn.Module, args: Any) -> None:
        if isinstance(module, Operator):
            self._operators += 1
        elif isinstance(module, Prior):
            if self._priors:
                self._priors[-1] += 1
            self._priors.append(0)

    def _after(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if isinstance(module, Operator):
            self._operators -= 1
            self.cost.operator_calls += not self._operators
        elif isinstance(module, Prior) and not self._priors.pop():
            self.cost.nfe += 1
            self.cost.items += len(output) if isinstance(output, Tensor) else 0
            if isinstance(output, Tensor) and output.requires_grad:
                output.register_hook(self._backward)

    def _backward(self, gradient: Tensor) -> None:
        self.cost.backward += 1


def peak_memory_mb() -> float:
    """Highest memory of this process so far, and of the accelerator where there is one, in MiB."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    device = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0
    return kilobytes / 1024 + device
