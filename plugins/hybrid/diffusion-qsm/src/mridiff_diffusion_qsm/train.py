"""Train the prior: what `mridiff train qsm-patches -o DIR` runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

import torch

from mridiff_sdk.diffusions import VP
from mridiff_sdk.training import DenoisingObjective, NoiseLevels, Run, Stage, Training, errors_over_sigma

from .net import VolumeNet
from .source import Cubes, volume

VALIDATION = range(900, 904)
"""Subjects that show how training goes; neither trained on nor scored in the card."""
SHOWN = (0.05, 0.1, 0.3, 1.0, 3.0)
"""Noise levels at which it is shown."""


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
        validation=lambda: errors_over_sigma(torch.stack([volume(n, data.size) for n in VALIDATION]), SHOWN),
        licence="Apache-2.0",
        data=f"Cubes of {data.patch} voxels of {data.subjects} drawn brains of {data.size} voxels a side (subjects from 0 on of the "
        "dataset `qsm-phantom`): susceptibility alone, no field.",
    )
