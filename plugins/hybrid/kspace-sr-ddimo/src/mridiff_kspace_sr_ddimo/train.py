"""Train the network: `mridiff train arrnet --data FOLDER -o DIR`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from annotated_types import Ge, Le

from mridiff_sdk.training import Run, Stage, Training
from mridiff_sdk.training_data import PoolConfig, WholeSlices, WholeSource, pool_files

from .net import ARRNet
from .objective import ResolutionObjective
from .validation import validator


@dataclass(frozen=True)
class Net:
    """The network."""

    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    features: int
    unshuffle: int


def training(
    run: Run, *, net: Net, pool: PoolConfig, stages: list[WholeSlices],
    full: Annotated[float, Ge(0), Le(1), "share of the pairs whose target is the image itself, not a rung below"] = 1 / 3,
) -> Training:  # fmt: skip
    """The training of the network."""
    files = pool_files(run, pool)
    return Training(
        model=ARRNet(**asdict(net)),
        objective=ResolutionObjective(full),
        stages=[Stage(WholeSource(files, s.size, run.seed, s.grain), s.updates, s.batch) for s in stages],
        validation=lambda: validator(run.folder()),
        licence="Apache-2.0",
        data=pool.said(run.folder()),
    )
