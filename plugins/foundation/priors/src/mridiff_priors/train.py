"""Train the denoiser: what `mridiff train denoiser --config train.yaml --data FOLDER -o DIR` runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from torch import nn

from mridiff.io.weights import read_weights
from mridiff_sdk.coils.simulate import simulate_maps
from mridiff_sdk.nets.preconditioned import Preconditioned
from mridiff_sdk.nets.unet import deepen
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.training.objectives import DenoisingObjective, NoiseLevels
from mridiff_sdk.training.run import Run
from mridiff_sdk.training.trainer import Schedule, Settings, Stage, Trainer, Validate

from .data.anatomy import HELD_OUT_HEARTS
from .data.pool import PoolConfig, build
from .data.source import PoolSource
from .measure import denoising, hearts, held_out, reconstruction

SIGMA_RANGE = (0.005, 20.0)
"""Noise levels that training covers."""
PARTS = 2
"""Files that the pool of slices is kept in; several processes make one each."""


@dataclass(frozen=True)
class Net:
    """What may be chosen of the UNet."""

    widths: list[int]
    blocks: list[int]
    features: int = 128
    unshuffle: int = 2


@dataclass(frozen=True)
class Crops:
    """One stage: square crops of `crop` pixels, `batch` of them in each of `updates`, with up to `grain` of noise left in the truth."""

    crop: int
    batch: int
    updates: int
    grain: float = 0.0


@dataclass(frozen=True)
class Levels:
    """Where noise levels are drawn: a `share` of them log-uniformly between the two of `often`, the others over the whole range."""

    often: list[float]
    share: float


def validator(data: Path, anatomy: str = "brain") -> Validate:
    """A function that measures a model on held-out heads, or hearts."""
    if anatomy == "heart":
        images, few = hearts(data), hearts(data, 160, HELD_OUT_HEARTS[::4])
    else:
        images, few = held_out(data, 128, tuple(range(5, 300, 30))), held_out(data, 160, (30, 170))
    maps = simulate_maps(8, (160, 160), 0)

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        device = next(model.parameters()).device
        return denoising(model, images.to(device)) | reconstruction(model, few.to(device), maps.to(device), steps=15)

    return validate


def pool_files(run: Run, pool: PoolConfig) -> list[Path]:
    """The pool's files; each process first makes its share of those that are missing."""
    for part in range(PARTS)[run.world.rank :: run.world.size]:
        build(pool, run.folder(), run.cache, part, PARTS)
    run.world.wait()
    return [build(pool, run.folder(), run.cache, part, PARTS) for part in range(PARTS)]


def trainer(
    run: Run,
    *,
    seed: int = 0,
    net: Net,
    sigma_data: Annotated[float, Gt(0), "root mean square of the images"],
    pool: PoolConfig,
    stages: list[Crops],
    levels: Levels = Levels([0.02, 1.0], 0.7),
    schedule: Schedule,
    save: Annotated[int, Ge(1), "updates from one checkpoint to the next"],
    validate: Annotated[int, Ge(0), "updates from one validation to the next, 0 for none"],
    autocast: Annotated[bool, "compute in bfloat16 where that loses no accuracy that matters"] = False,
) -> Trainer:
    """The run that the configuration describes, ready to start, from the weights of `run` if it has any, or to go on."""
    files = pool_files(run, pool)
    crops = [Stage(PoolSource(files, s.crop, seed, s.grain), s.updates, s.batch) for s in stages]
    with seeded_layers(seed):
        model = Preconditioned(asdict(net), sigma_data, SIGMA_RANGE)
    if run.weights:
        deepen(model.net, read_weights(run.weights)[0])
    settings = Settings(seed, schedule, autocast=autocast, save=save, validate=validate)
    check = validator(run.folder(), pool.anatomy) if validate else None
    objective = DenoisingObjective(sigma_data, NoiseLevels((levels.often[0], levels.often[1]), SIGMA_RANGE, levels.share))
    return Trainer(model, objective, crops, run.out, settings, validate=check, world=run.world, notes=pool.notes())
