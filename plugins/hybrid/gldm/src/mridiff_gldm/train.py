"""Train the priors: what `mridiff train gldm-global -o DIR` and `mridiff train gldm-local -o DIR` run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

import torch

from mridiff.interfaces import Measured
from mridiff_datasets.cine import Cine
from mridiff_sdk.training import DenoisingObjective, NoiseLevels, Run, Stage, Training, errors_over_sigma

from .net import KSpaceNet
from .prior import SIGMA_RANGE
from .source import MergedFrames, references

LENGTHS = {"global": 16, "local": 4}
"""Frames that are merged to one reference, for either prior."""
Often = Annotated[tuple[float, float], "noise levels of four draws in five lie between these, of the fifth in the whole range"]
VALIDATION = range(900, 908)
"""Subjects that show how training goes; neither trained on nor scored in the card."""
SHOWN = (0.1, 0.3, 1.0, 3.0)
"""Noise levels at which it is shown."""


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


class MergedObjective(DenoisingObjective):
    """Denoising of merged frames; they are part of the measurement, and nothing else is passed."""

    sees: Literal["truth", "measured"] = "measured"


def global_training(run: Run, *, data: Data, net: Net, sigma_data: float, often: Often, updates: int, batch: int) -> Training:
    """Of the global prior."""
    return training(run, "global", data.series(range(data.subjects)), data, net, sigma_data, often, updates, batch)


def local_training(run: Run, *, data: Data, net: Net, sigma_data: float, often: Often, updates: int, batch: int) -> Training:
    """Of the local prior."""
    return training(run, "local", data.series(range(data.subjects)), data, net, sigma_data, often, updates, batch)


def training(run: Run, which: str, series: Iterable[Measured], data: Data, net: Net, sigma_data: float, often: Often,
             updates: int, batch: int) -> Training:  # fmt: skip
    """The training on these series."""
    length = LENGTHS[which]
    return Training(
        model=KSpaceNet(asdict(net), sigma_data, SIGMA_RANGE),
        objective=MergedObjective(sigma_data, NoiseLevels(often, SIGMA_RANGE, 0.8)),
        stages=[Stage(MergedFrames(series, length, run.seed), updates, batch)],
        validation=lambda: errors_over_sigma(torch.cat([references(m, length)[::4] for m in data.series(VALIDATION)]), SHOWN),
        licence="Apache-2.0",
        data=f"The undersampled k-space of {data.subjects} simulated cine series (subjects from 0 on of the dataset `cine`, "
        f"{asdict(data.scan)}), merged over {length} frames; no fully sampled frame.",
    )
