"""Sampler: draws x given y, as an iterator of steps that the pipeline drives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from .problem import Problem
from .scan import Field
from .streams import Streams


@dataclass(frozen=True, slots=True)
class Step:
    """Where a sampler stands: step `index` of `total`, its time, the estimate x0 in the problem's domain (sample, *space).

    `x` is the noisy state where there is one; `nuisance` the estimates of the operator's unknowns; `outputs` named results that
    are not x (an error map, a T1 map, peaks). The x0 of the last step is the result.
    """

    index: int
    total: int
    x0: Tensor
    t: float = 0.0
    stage: str = ""
    x: Tensor | None = None
    nuisance: Mapping[str, Tensor] = field(default_factory=dict)
    outputs: Mapping[str, Field] = field(default_factory=dict)


class Sampler(nn.Module, ABC):
    """A reverse process with data consistency, built once with its prior(s), which are its first constructor arguments.

    The other constructor arguments are its configuration; a learned sampler may hold weights. `rng` has one stream per sample
    to draw. It runs under `no_grad`; it may enable gradients locally and must not yield while they are enabled.
    """

    @abstractmethod
    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """The steps from the start to the result, for len(rng) samples."""

    def forward(self, problem: Problem, rng: Streams) -> Tensor:
        """The result of the last step, (sample, *space)."""
        step: Step | None = None
        for step in self.trajectory(problem, rng):  # noqa: B007
            pass
        if step is None:
            raise RuntimeError(f"{type(self).__name__} yielded no step")
        return step.x0
