"""Train the network: `mridiff train heat-restorer --data FOLDER -o DIR --weights BRAIN_SMALL`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from annotated_types import Gt

from mridiff_sdk.training import Run, Stage, Training
from mridiff_sdk.training_data import PoolConfig, WholeSlices, WholeSource, pool_files

from .ladder import BLUR, NOISE
from .net import HeatNet
from .objective import HeatObjective
from .validation import validator


@dataclass(frozen=True)
class Net:
    """What may be chosen of the UNet."""

    widths: list[int]
    blocks: list[int]
    features: int
    unshuffle: int


def training(
    run: Run, *, net: Net, pool: PoolConfig, stages: list[WholeSlices],
    sigma_data: Annotated[float, Gt(0), "root mean square of the images"] = 0.37,
    blur: Annotated[tuple[float, float] | None, "beta at the ends of the ladder; null: noise alone"] = BLUR,
    noise: Annotated[tuple[float, float], "sigma of each channel at the ends of the ladder"] = NOISE,
    grows: Annotated[bool, "false: the noise stays at its first level"] = True,
) -> Training:  # fmt: skip
    """The training of the network."""
    files = pool_files(run, pool)
    return Training(
        model=HeatNet(asdict(net), sigma_data, blur, noise, grows),
        objective=HeatObjective(),
        stages=[Stage(WholeSource(files, s.size, run.seed, s.grain), s.updates, s.batch) for s in stages],
        validation=lambda: validator(run.folder()),
        licence="Apache-2.0",
        data=pool.said(run.folder()),
    )
