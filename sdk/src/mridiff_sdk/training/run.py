"""Run: what a training is given beside its configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mridiff.errors import ConfigError, Mistake

from .parallel import World
from .settings import Settings


@dataclass(frozen=True)
class Run:
    """The folders of results, data (None for a training that makes its own) and prepared data, weights to start from, settings, world.

    A package declares its training in a prior's or a sampler's spec, `training="package.module:function"`. The function takes a Run
    first and what is its own of the configuration as keyword-only arguments, whose types, bounds and defaults are checked before it is
    called; it returns a Training. Settings, the start from `weights`, and all that follows are not its affair:

        def training(run: Run, *, net: Net, updates: Annotated[int, Ge(1), "number of updates"]) -> Training: ...
    """

    out: Path
    data: Path | None = None
    prepared: Path | None = None
    weights: Path | None = None
    settings: Settings = field(default_factory=Settings)
    world: World = field(default_factory=World)

    @property
    def seed(self) -> int:
        """Of everything that is drawn; layers that the function builds start from it without more."""
        return self.settings.seed

    @property
    def cache(self) -> Path:
        """Folder of prepared data: the one given, or one beside the results."""
        return self.prepared or self.out / "cache"

    def folder(self) -> Path:
        """The data folder of a training that needs one; raises ConfigError where none was given."""
        if self.data is None:
            raise ConfigError([Mistake("--data", "give the folder of the training data, or set MRIDIFF_DATA")])
        return self.data
