"""Train the prior: what `mridiff train qsm-patches -o DIR` runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams
from mridiff_sdk.diffusions.gaussian import VP
from mridiff_sdk.training import Run, Stage, Training, Validate
from mridiff_sdk.training.objectives import DenoisingObjective, NoiseLevels

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


def training(
    run: Run,
    *,
    net: Net,
    data: Data,
    often: Annotated[tuple[float, float], "noise levels of four draws in five lie between these, of the fifth in the chain's range"],
    updates: int,
    batch: int,
) -> Training:
    """The training of the prior of cubes."""
    chain = VP(levels=1000)
    low, high = (float(chain.ratio(t)) for t in chain.t_range)
    cubes = Cubes(torch.stack([volume(n, data.size) for n in range(data.subjects)]), data.patch, run.seed)
    return Training(
        model=VolumeNet(**asdict(net), sigma_range=(low, high)),
        objective=DenoisingObjective(net.sigma_data, NoiseLevels(often, (low, high), 0.8)),
        stages=[Stage(cubes, updates, batch)],
        validation=lambda: validator(torch.stack([volume(n, data.size) for n in VALIDATION])),
        licence="Apache-2.0",
        data=f"Cubes of {data.patch} voxels of {data.subjects} drawn brains of {data.size} voxels a side (subjects from 0 on of the "
        "dataset `qsm-phantom`): susceptibility alone, no field.",
    )


def validator(volumes: Tensor) -> Validate:
    """A function that says the error of denoised volumes, per number and relative to the noise, at some noise levels."""
    noise = Streams.of(0, "validation", len(volumes)).normal_like(volumes)

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        error = {s: float((model(volumes + s * noise, s) - volumes).square().mean().sqrt()) / s for s in (0.05, 0.1, 0.3, 1.0, 3.0)}
        return {f"error_over_sigma_{s:g}": e for s, e in error.items()}

    return validate
