"""Training: what a package says of one, as a value; how it is carried out is the same for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from mridiff.errors import ConfigError, Mistake
from mridiff.interfaces import Objective


@dataclass(frozen=True)
class Batch:
    """Some samples: what was measured of them, and the truth; the trainer hands an objective only the half that it may see."""

    truth: Mapping[str, Tensor] = field(default_factory=dict)
    measured: Mapping[str, Tensor] = field(default_factory=dict)


class Source(Protocol):
    """Where batches come from: a pure function of the update and the sample's place, so that nothing needs to be remembered."""

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`."""
        ...


@dataclass(frozen=True)
class Stage:
    """A stretch of training: `updates` with `batch` samples each, drawn from `source`."""

    source: Source
    updates: int
    batch: int

    def __post_init__(self) -> None:
        """Raises ConfigError where nothing would be done."""
        least = {"updates": self.updates, "batch": self.batch}
        if mistakes := [Mistake(name, f"a stage needs at least 1, got {n}") for name, n in least.items() if n < 1]:
            raise ConfigError(mistakes)


Validate = Callable[[nn.Module], Mapping[str, float]]
"""Figures that say how good a model is, by name; the model is a copy on the CPU, and may be moved."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """What is learned, from what, for what: all that is a package's own.

    `parameters` names which parameters each of the objective's losses moves (all, by default); `validation` makes what measures the
    model, and is asked only where figures are wanted. `data` says what the weights will have seen, and `licence` what they may be used
    for: both end in their header and card. A model that is fitted when it is built has neither objective nor stages.
    """

    model: nn.Module
    data: str
    licence: str
    objective: Objective | None = None
    stages: Sequence[Stage] = ()
    parameters: Mapping[str, Iterable[nn.Parameter]] | None = None
    validation: Callable[[], Validate] | None = None


@runtime_checkable
class Kept(Protocol):
    """A model that writes itself and can take up what it wrote; `Described` is one."""

    def save(self, path: Path, **notes: str) -> str:
        """Write the file, with notes in its header; returns its SHA-256."""
        ...

    def start_from(self, path: Path) -> None:
        """Take the parameters in such a file."""
        ...
