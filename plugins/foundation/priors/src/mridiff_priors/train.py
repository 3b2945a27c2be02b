"""Train the denoiser: `mridiff train denoiser --data FOLDER -o DIR`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from annotated_types import Gt

from mridiff_sdk.nets import Preconditioned
from mridiff_sdk.training import DenoisingObjective, NoiseLevels, Run, Stage, Training
from mridiff_sdk.training_data import PoolConfig, PoolSource, pool_files

from .validation import validator

SIGMA_RANGE = (0.005, 20.0)
"""Noise levels that training covers."""


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


def training(run: Run, *, net: Net, sigma_data: Annotated[float, Gt(0), "root mean square of the images"], pool: PoolConfig,
             stages: list[Crops], levels: Levels = Levels((0.02, 1.0), 0.7)) -> Training:  # fmt: skip
    """The training of the denoiser."""
    files = pool_files(run, pool)
    return Training(
        model=Preconditioned(asdict(net), sigma_data, SIGMA_RANGE),
        objective=DenoisingObjective(sigma_data, NoiseLevels(levels.often, SIGMA_RANGE, levels.share)),
        stages=[Stage(PoolSource(files, s.crop, run.seed, s.grain), s.updates, s.batch) for s in stages],
        validation=lambda: validator(run.folder(), run.world.device, pool.anatomy),
        licence="Apache-2.0",
        data=pool.said(run.folder()),
    )
