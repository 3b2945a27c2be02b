"""Train the generator: what `mridiff train diffgan-generator --config train.yaml --data FOLDER -o DIR` runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import torch
from annotated_types import Ge
from torch import nn

from mridiff.errors import ConfigError, Problem
from mridiff.io.weights import load_into, read_weights
from mridiff_priors.data.anatomy import SOURCES
from mridiff_priors.data.pool import PoolConfig
from mridiff_priors.measure import held_out
from mridiff_priors.train import pool_files
from mridiff_sdk.diffusions import VP
from mridiff_sdk.nets.discriminator import Discriminator
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.training.adversarial import AdversarialObjective
from mridiff_sdk.training.run import Run
from mridiff_sdk.training.trainer import Schedule, Settings, Stage, Trainer, Validate

from .measure import Scans, scores
from .network import Generator
from .prior import DiffGANGenerator
from .source import PairSource

CHECKED = tuple(range(8, 296, 18))
"""Held-out slices that trainings are watched on, none nearer than four slices to one of the tables (measure.SLICES)."""


@dataclass(frozen=True)
class Net:
    """What may be chosen of the generator; its defaults."""

    widths: tuple[int, ...] = (32, 64, 96, 96)
    features: int = 64
    latent: int = 100
    window: int = 8
    transformer: bool = True


@dataclass(frozen=True)
class Slices:
    """One stage: images of `size` pixels, `batch` of them in each of `updates`."""

    size: int
    batch: int
    updates: int


def validator(data: Path, size: int) -> Validate:
    """A function that reconstructs some held-out slices of `size` pixels in four steps."""
    scans = Scans.simulated(held_out(data, size, CHECKED))

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        assert isinstance(model, Generator)
        return scores(scans.reconstruct(DiffGANGenerator.of(model)), scans.x)

    return validate


def trainer(
    run: Run,
    *,
    seed: int = 0,
    net: Net,
    critic: Annotated[list[int] | None, "widths of the discriminator; without one the l1 distance alone is minimised"] = None,
    weight: Annotated[float, Ge(0), "weight of the l1 distance beside the adversarial loss"] = 10.0,
    r1: Annotated[float, Ge(0), "weight of the critic's gradient penalty"] = 0.05,
    pool: PoolConfig,
    crops: Annotated[list[int], "fields of view, in pixels of the pool's slices, one drawn for each image"],
    stages: list[Slices],
    schedule: Schedule,
    betas: tuple[float, float] = (0.9, 0.99),
    save: Annotated[int, Ge(1), "updates from one checkpoint to the next"] = 100,
    validate: Annotated[int, Ge(0), "updates from one validation to the next, 0 for none"] = 0,
    autocast: Annotated[bool, "compute in bfloat16 where that loses no accuracy that matters"] = False,
) -> Trainer:
    """The run that the configuration describes, ready to start, from the weights of `run` if it has any, or to go on."""
    if min(crops) < max(s.size for s in stages) or max(crops) > pool.size:
        raise ConfigError([Problem("crops", f"give widths from the largest size of a stage up to the {pool.size} pixels of the pool")])
    files = pool_files(run, pool)
    parts = [Stage(PairSource(files, s.size, seed, crops=crops), s.updates, s.batch) for s in stages]
    with seeded_layers(seed):
        model = Generator(**asdict(net))
        judge = Discriminator(6, critic, images=3) if critic else None
    if run.weights:
        load_into(model, read_weights(run.weights)[0])
    # Four steps are what the weights are for; chains of eight keep the levels between known, for the comparison of the two.
    objective = AdversarialObjective(VP(), judge, steps=(4, 8), weight=weight, r1=r1)
    players = {"critic": judge.parameters()} if judge else {}
    settings = Settings(seed, schedule, weight_decay=0.0, betas=betas, autocast=autocast, save=save, validate=validate)
    notes = {"licence": "Apache-2.0", "data": f"{len(SOURCES)} head volumes: {', '.join(s.path for s in SOURCES)}; {pool.count} slices of "
             f"{pool.size} pixels cut, warped and varied at random with seed {pool.seed}; k-space undersampled by simulation."}  # fmt: skip
    check = validator(run.folder(), stages[-1].size) if validate else None
    return Trainer(model, objective, parts, run.out, settings, {**players, "generator": model.parameters()}, check, run.world, notes)
