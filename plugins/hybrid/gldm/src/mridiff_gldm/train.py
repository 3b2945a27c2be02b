"""Train the priors: what `mridiff train gldm-global -o DIR` and `mridiff train gldm-local -o DIR` run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import torch
from torch import nn

from mridiff.interfaces import Measured, Streams
from mridiff.io.weights import load_into, read_weights
from mridiff_datasets.cine import Cine
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.training.objectives import DenoisingObjective, NoiseLevels
from mridiff_sdk.training.run import Run
from mridiff_sdk.training.trainer import Schedule, Settings, Stage, Trainer, Validate

from .net import KSpaceNet
from .prior import SIGMA_RANGE
from .source import MergedFrames, references

LENGTHS = {"global": 16, "local": 4}
"""Frames that are merged to one reference, for either prior."""
VALIDATION = range(900, 908)
"""Subjects that show how training goes; neither trained on nor scored in the card."""


@dataclass(frozen=True)
class ScanOptions:
    """How the training series are scanned."""

    frames: int
    size: int
    acceleration: int
    center_lines: int
    noise_std: float


@dataclass(frozen=True)
class Data:
    """The subjects from 0 on, and how they are scanned."""

    subjects: int
    scan: ScanOptions

    def series(self, subjects: Iterable[int]) -> Iterable[Measured]:
        """The measured half of the scans of these subjects."""
        return (Cine(first=n, **asdict(self.scan))[0].measured for n in subjects)


@dataclass(frozen=True)
class Net:
    """What may be chosen of the UNet; its condition is the position in k-space."""

    widths: list[int]
    blocks: list[int]
    features: int
    condition_channels: Literal[3] = 3


@dataclass(frozen=True)
class Fit:
    """How it is trained: noise levels lie between the two of `often` four times in five, anywhere in the whole range else."""

    sigma_data: float
    often: tuple[float, float]
    updates: int
    batch: int
    schedule: Schedule
    save: int
    validate: int


class MergedObjective(DenoisingObjective):
    """Denoising of merged frames; they are part of the measurement, and nothing else is passed."""

    sees: Literal["truth", "measured"] = "measured"


def global_trainer(run: Run, *, seed: int = 0, data: Data, net: Net, fit: Fit) -> Trainer:
    """The training of the global prior."""
    return trainer(run, "global", data.series(range(data.subjects)), seed, data, net, fit)


def local_trainer(run: Run, *, seed: int = 0, data: Data, net: Net, fit: Fit) -> Trainer:
    """The training of the local prior."""
    return trainer(run, "local", data.series(range(data.subjects)), seed, data, net, fit)


def trainer(run: Run, which: str, series: Iterable[Measured], seed: int, data: Data, net: Net, fit: Fit) -> Trainer:
    """The run on these series, ready to start, from the weights of `run` if it has any, or to go on."""
    with seeded_layers(seed):
        model = KSpaceNet(asdict(net), fit.sigma_data, SIGMA_RANGE)
    if run.weights:
        load_into(model.net, read_weights(run.weights)[0])
    length = LENGTHS[which]
    source = MergedFrames(series, length, seed)
    objective = MergedObjective(fit.sigma_data, NoiseLevels(fit.often, SIGMA_RANGE, 0.8))
    check = validator(data.series(VALIDATION), length) if fit.validate else None
    notes = {"licence": "Apache-2.0",
             "data": f"The undersampled k-space of {data.subjects} simulated cine series (subjects from 0 on of the dataset `cine`, "
                     f"{asdict(data.scan)}), merged over {length} frames; no fully sampled frame."}  # fmt: skip
    return Trainer(model, objective, [Stage(source, fit.updates, fit.batch)], run.out,
                   Settings(seed, fit.schedule, save=fit.save, validate=fit.validate),
                   validate=check, world=run.world, notes=notes)  # fmt: skip


def validator(measured: Iterable[Measured], length: int) -> Validate:
    """A function that says the error of denoised merges, per number and relative to the noise, at some noise levels."""
    frames = torch.cat([references(m, length)[::4] for m in measured])
    noise = Streams.of(0, "validation", len(frames)).normal_like(frames)

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        error = {s: float((model(frames + s * noise, s) - frames).abs().square().mean().sqrt()) / s for s in (0.1, 0.3, 1.0, 3.0)}
        return {f"error_over_sigma_{s:g}": e for s, e in error.items()}

    return validate
