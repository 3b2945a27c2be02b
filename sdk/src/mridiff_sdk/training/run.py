"""Run: what a training is given beside its configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mridiff.errors import ConfigError, Problem

from .parallel import World


@dataclass(frozen=True)
class Run:
    """The folders of data (None for a training that makes its own), results and cache, weights to start from, this process's place.

    A package declares its training in a prior's or a sampler's spec, `training="package.module:function"`. The function takes a Run
    first and its configuration as keyword-only arguments, whose types, bounds and defaults are checked before it is called; it returns
    a Trainer, made with `run.out` and `run.world`, whose model `mridiff train` then trains, writes and describes:

        def trainer(run: Run, *, seed: int = 0, updates: Annotated[int, Ge(1), "number of updates"]) -> Trainer: ...
    """

    data: Path | None
    out: Path
    cache: Path
    weights: Path | None = None
    world: World = field(default_factory=World)

    def folder(self) -> Path:
        """The data folder of a training that needs one; raises ConfigError where none was given."""
        if self.data is None:
            raise ConfigError([Problem("--data", "give the folder of the training data, or set MRIDIFF_DATA")])
        return self.data
