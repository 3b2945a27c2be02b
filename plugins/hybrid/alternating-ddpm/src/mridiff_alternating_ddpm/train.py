"""Train the second prior: `mridiff train kspace-denoiser --data FOLDER -o DIR`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Gt

from mridiff_sdk.fourier import fft
from mridiff_sdk.held_out import held_out
from mridiff_sdk.training import Batch, DenoisingObjective, NoiseLevels, Run, Stage, Training, errors_over_sigma
from mridiff_sdk.training_data import PoolConfig, WholeSource, pool_files

from .net import KSpaceNet, Over

SIGMA_RANGE = (0.005, 20.0)
"""Noise levels that training covers, per complex number."""
OFTEN = ((0.02, 1.0), 0.8)
"""Where most noise levels are drawn, and the share of those that are."""
VALIDATION = tuple(range(5, 300, 30))
"""Of 300 slices of held-out heads."""
SHOWN = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Noise levels at which it is shown how training goes."""


@dataclass(frozen=True)
class Net:
    """What may be chosen of the UNet."""

    widths: list[int]
    blocks: list[int]
    features: int


@dataclass(frozen=True)
class Slices:
    """A stage: `batch` whole slices of `size` pixels in each of `updates`; `grain`, `zoom` and `rough` as in `WholeSource`."""

    size: int
    batch: int
    updates: int
    grain: float = 0.0
    zoom: float = 1.0
    rough: float = 0.0


class KSpaceOf:
    """K-space "x" (sample, ky, kx) of the slices of a source."""

    def __init__(self, slices: WholeSource) -> None:
        self.slices = slices

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`."""
        return Batch(truth={"x": fft(self.slices.batch(step, samples).truth["x"])})


def source(files: Sequence[Path], seed: int, stage: Slices) -> KSpaceOf:
    """The slices of a stage."""
    return KSpaceOf(WholeSource(files, stage.size, seed, stage.grain, zoom=stage.zoom, rough=stage.rough))


def training(
    run: Run, *, net: Net, over: Over, pool: PoolConfig, stages: list[Slices],
    sigma_data: Annotated[float, Gt(0), "root mean square of weighted k-space over the root of the number of samples"],
    image_std: Annotated[float, Gt(0), "root mean square of images, which weighs noise levels against each other"],
) -> Training:  # fmt: skip
    """The training of the denoiser."""
    files = pool_files(run, pool)
    return Training(
        model=KSpaceNet(asdict(net), sigma_data, SIGMA_RANGE, over),
        objective=DenoisingObjective(image_std, NoiseLevels(OFTEN[0], SIGMA_RANGE, OFTEN[1])),
        stages=[Stage(source(files, run.seed, s), s.updates, s.batch) for s in stages],
        validation=lambda: errors_over_sigma(fft(held_out(run.folder(), 96, VALIDATION)), SHOWN),
        licence="Apache-2.0",
        data=pool.said(run.folder()),
    )
