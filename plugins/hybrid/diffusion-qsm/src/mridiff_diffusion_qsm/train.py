"""Train the prior: what `mridiff train qsm-patches -o DIR` runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor, nn

from mridiff.interfaces import Streams
from mridiff.io.weights import load_into, read_weights
from mridiff_sdk.diffusions.gaussian import VP
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.training.objectives import DenoisingObjective, NoiseLevels
from mridiff_sdk.training.run import Run
from mridiff_sdk.training.trainer import Schedule, Settings, Stage, Trainer, Validate

from .net import VolumeNet
from .source import Cubes, volume

VALIDATION = range(900, 904)
"""Subjects that show how training goes; neither trained on nor scored in the card."""


@dataclass(frozen=True)
class Net:
    """What may be chosen of the network."""

    widths: list[int]
    blocks: list[int]
    features: int
    unshuffle: int
    sigma_data: float


@dataclass(frozen=True)
class Data:
    """The subjects from 0 on, drawn with `size` voxels a side, and the cubes cut out of them."""

    subjects: int
    size: int
    patch: int


@dataclass(frozen=True)
class Fit:
    """How it is trained: noise levels lie between the two of `often` four times in five, anywhere in the range of the chain else."""

    often: tuple[float, float]
    updates: int
    batch: int
    schedule: Schedule


def trainer(
    run: Run,
    *,
    seed: int = 0,
    net: Net,
    data: Data,
    fit: Fit,
    save: Annotated[int, Ge(1), "updates between checkpoints"] = 100,
    validate: Annotated[int, Ge(0), "updates between measurements on other subjects, 0 for none"] = 200,
) -> Trainer:
    """The run that a configuration describes, ready to start, from the weights of `run` if it has any, or to go on."""
    chain = VP(levels=1000)
    low, high = (float(chain.ratio(t)) for t in chain.t_range)
    with seeded_layers(seed):
        model = VolumeNet(**asdict(net), sigma_range=(low, high))
    if run.weights:
        load_into(model, read_weights(run.weights)[0])
    cubes = Cubes(torch.stack([volume(n, data.size) for n in range(data.subjects)]), data.patch, seed)
    objective = DenoisingObjective(net.sigma_data, NoiseLevels(fit.often, (low, high), 0.8))
    check = validator(torch.stack([volume(n, data.size) for n in VALIDATION])) if validate else None
    notes = {"licence": "Apache-2.0",
             "data": f"Cubes of {data.patch} voxels of {data.subjects} drawn brains of {data.size} voxels a side (subjects from 0 on of "
                     "the dataset `qsm-phantom`): susceptibility alone, no field."}  # fmt: skip
    settings = Settings(seed, fit.schedule, save=save, validate=validate)
    stages = [Stage(cubes, fit.updates, fit.batch)]
    return Trainer(model, objective, stages, run.out, settings, validate=check, world=run.world, notes=notes)


def validator(volumes: Tensor) -> Validate:
    """A function that says the error of denoised volumes, per number and relative to the noise, at some noise levels."""
    noise = Streams.of(0, "validation", len(volumes)).normal_like(volumes)

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        error = {s: float((model(volumes + s * noise, s) - volumes).square().mean().sqrt()) / s for s in (0.05, 0.1, 0.3, 1.0, 3.0)}
        return {f"error_over_sigma_{s:g}": e for s, e in error.items()}

    return validate
