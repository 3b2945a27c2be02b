"""Train the restorer: `mridiff train kspace-restorer --data FOLDER -o DIR`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from mridiff_priors.data.pool import PoolConfig
from mridiff_priors.data.whole import WholeSlices, WholeSource, notes
from mridiff_priors.train import pool_files
from mridiff_sdk.diffusions.gains import NestedMasks
from mridiff_sdk.sampling_patterns.nested import Order, Unit
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.training.cold import ColdObjective, MaskFamily
from mridiff_sdk.training.run import Run
from mridiff_sdk.training.trainer import Schedule, Settings, Stage, Trainer

from .measure import validator
from .net import RestorerNet


@dataclass(frozen=True)
class Net:
    """The network."""

    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    features: int
    unshuffle: int


def trainer(
    run: Run, *, net: Net, pool: PoolConfig, masks: MaskFamily, stages: list[WholeSlices], schedule: Schedule,
    seed: Annotated[int, "of weights, data and draws"] = 0,
    unit: Annotated[Unit, "what is removed at once"] = "column",
    order: Annotated[Order, "what comes back first"] = "random",
    spread: Annotated[tuple[float, float], "range of the largest magnitude of the zero-filled image"] = (0.5, 1.0),
    save: Annotated[int, Ge(1), "updates between checkpoints"] = 100,
    validate: Annotated[int, Ge(0), "updates between measurements on held-out heads, 0 for none"] = 400,
) -> Trainer:  # fmt: skip
    """The run that a configuration describes, ready to start or to continue."""
    files = pool_files(run, pool)
    parts = [Stage(WholeSource(files, s.size, seed, s.grain, seen="mixed"), s.updates, s.batch) for s in stages]
    with seeded_layers(seed):
        model = RestorerNet(net.widths, net.blocks, net.features, net.unshuffle)
    objective = ColdObjective(masks, NestedMasks(unit, order), spread=spread)
    settings = Settings(seed, schedule, save=save, validate=validate)
    return Trainer(model, objective, parts, run.out, settings,
                   validate=validator(run.folder()) if validate else None, world=run.world, notes=notes(pool))  # fmt: skip
