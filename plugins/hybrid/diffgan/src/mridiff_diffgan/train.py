"""Train the generator: `mridiff train diffgan-generator --data FOLDER -o DIR`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import torch
from annotated_types import Ge
from torch import nn

from mridiff.errors import ConfigError, Mistake
from mridiff_sdk.diffusions import VP
from mridiff_sdk.held_out import held_out
from mridiff_sdk.nets import Discriminator
from mridiff_sdk.training import AdversarialObjective, Run, Stage, Training, Validate
from mridiff_sdk.training_data import PoolConfig, pool_files

from .network import Generator
from .prior import DiffGANGenerator
from .scans import Scans, scores
from .source import PairSource

CHECKED = tuple(range(8, 296, 18))
"""Held-out T2 slices that trainings are watched on."""


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


def training(
    run: Run,
    *,
    net: Net,
    critic: Annotated[list[int] | None, "widths of the discriminator; without one the l1 distance alone is minimised"] = None,
    weight: Annotated[float, Ge(0), "weight of the l1 distance beside the adversarial loss"] = 10.0,
    r1: Annotated[float, Ge(0), "weight of the critic's gradient penalty"] = 0.05,
    spread: Annotated[bool, "draws twice, and asks that draws differ as much as their mean is off"] = False,
    coils: Annotated[tuple[int, ...], "numbers of coils, one drawn for each image"] = (1,),
    accelerations: Annotated[tuple[float, ...], "rates of undersampling, one drawn for each image"] = (4.0,),
    pool: PoolConfig,
    crops: Annotated[list[int], "fields of view, in pixels of the pool's slices, one drawn for each image"],
    stages: list[Slices],
) -> Training:
    """The training of the generator; raises ConfigError for fields of view that do not fit."""
    if min(crops) < max(s.size for s in stages) or max(crops) > pool.size:
        raise ConfigError([Mistake("crops", f"give widths from the largest size of a stage up to the {pool.size} pixels of the pool")])
    files = pool_files(run, pool)
    model = Generator(**asdict(net))
    judge = Discriminator(6, critic, images=3) if critic else None
    players = {"critic": judge.parameters()} if judge else {}
    return Training(
        model=model,
        # Four steps are what the weights are for; chains of eight keep the levels between known, for the comparison of the two.
        objective=AdversarialObjective(VP(), judge, steps=(4, 8), weight=weight, r1=r1, spread=spread),
        stages=[
            Stage(PairSource(files, s.size, run.seed, crops=crops, coils=coils, accelerations=accelerations), s.updates, s.batch)
            for s in stages
        ],
        parameters={**players, "generator": model.parameters()},
        validation=lambda: validator(run.folder(), stages[-1].size),
        licence="Apache-2.0",
        data=pool.said(run.folder(), "; k-space undersampled by simulation"),
    )
