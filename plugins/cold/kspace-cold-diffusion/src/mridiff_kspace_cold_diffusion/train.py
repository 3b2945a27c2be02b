"""Train the restorer: `mridiff train kspace-restorer --data FOLDER -o DIR`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from mridiff_sdk.diffusions import NestedMasks
from mridiff_sdk.sampling_patterns import Order, Unit
from mridiff_sdk.training import ColdObjective, MaskFamily, Run, Stage, Training
from mridiff_sdk.training_data import PoolConfig, WholeSlices, WholeSource, pool_files

from .net import RestorerNet
from .validation import validator


@dataclass(frozen=True)
class Net:
    """The network."""

    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    features: int
    unshuffle: int


def training(
    run: Run, *, net: Net, pool: PoolConfig, masks: MaskFamily, stages: list[WholeSlices],
    unit: Annotated[Unit, "what is removed at once"] = "column",
    order: Annotated[Order, "what comes back first"] = "random",
    spread: Annotated[tuple[float, float], "range of the largest magnitude of the zero-filled image"] = (0.5, 1.0),
) -> Training:  # fmt: skip
    """The training of the restorer."""
    files = pool_files(run, pool)
    return Training(
        model=RestorerNet(**asdict(net)),
        objective=ColdObjective(masks, NestedMasks(unit, order), spread=spread),
        stages=[Stage(WholeSource(files, s.size, run.seed, s.grain, seen="mixed"), s.updates, s.batch) for s in stages],
        validation=lambda: validator(run.folder()),
        licence="Apache-2.0",
        data=pool.said(run.folder(), "; coils simulated"),
    )
