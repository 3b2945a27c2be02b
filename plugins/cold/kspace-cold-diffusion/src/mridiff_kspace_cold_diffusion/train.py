"""Train the restorer: `mridiff train kspace-restorer --data FOLDER -o DIR`, then on its own states by `--config train-trajectory.yaml`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

from annotated_types import Ge

from mridiff_sdk.diffusions import NestedMasks
from mridiff_sdk.sampling_patterns import Order, Unit
from mridiff_sdk.training import ColdObjective, MaskFamily, Run, Stage, Training
from mridiff_sdk.training_data import PoolConfig, WholeSlices, WholeSource, pool_files

from .net import RestorerNet
from .trajectory import SeenSlices, TrajectoryObjective
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
    calls: Annotated[int, Ge(0), "calls of the rule anew whose states are learned from; 0 = the nested masks of the truth"] = 0,
    error: Annotated[float, Ge(0), "largest error of the coil maps that combine these states, per voxel"] = 0.2,
) -> Training:  # fmt: skip
    """The training of the restorer."""
    files = pool_files(run, pool)
    gain = NestedMasks(unit, order)
    if calls:
        objective: ColdObjective = TrajectoryObjective(masks, gain, calls, error, spread)
        sources: list[WholeSource] = [SeenSlices(files, s.size, run.seed, s.grain) for s in stages]
    else:
        objective = ColdObjective(masks, gain, spread=spread)
        sources = [WholeSource(files, s.size, run.seed, s.grain, seen="mixed") for s in stages]
    return Training(
        model=RestorerNet(**asdict(net), least=1 / calls if calls else 0.0),
        objective=objective,
        stages=[Stage(source, s.updates, s.batch) for source, s in zip(sources, stages, strict=True)],
        validation=lambda: validator(run.folder(), calls),
        licence="Apache-2.0",
        data=pool.said(run.folder(), "; coils simulated"),
    )
