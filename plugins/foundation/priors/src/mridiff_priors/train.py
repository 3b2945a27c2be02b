"""Train the denoiser: `mridiff train denoiser --data FOLDER -o DIR`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import torch
from annotated_types import Gt
from torch import nn

from mridiff_sdk.coils.simulate import simulate_maps
from mridiff_sdk.nets.preconditioned import Preconditioned
from mridiff_sdk.training import Run, Stage, Training, Validate
from mridiff_sdk.training.objectives import DenoisingObjective, NoiseLevels

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

    often: tuple[float, float]
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


def training(run: Run, *, net: Net, sigma_data: Annotated[float, Gt(0), "root mean square of the images"], pool: PoolConfig,
             stages: list[Crops], levels: Levels = Levels((0.02, 1.0), 0.7)) -> Training:  # fmt: skip
    """The training of the denoiser."""
    files = pool_files(run, pool)
    return Training(
        model=Preconditioned(asdict(net), sigma_data, SIGMA_RANGE),
        objective=DenoisingObjective(sigma_data, NoiseLevels(levels.often, SIGMA_RANGE, levels.share)),
        stages=[Stage(PoolSource(files, s.crop, run.seed, s.grain), s.updates, s.batch) for s in stages],
        validation=lambda: validator(run.folder(), pool.anatomy),
        licence="Apache-2.0",
        data=pool.said(),
    )
