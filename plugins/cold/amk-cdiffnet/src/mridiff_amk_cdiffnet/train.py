"""Train the restorer: `mridiff train amk-restorer --data FOLDER -o DIR`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le

from mridiff_sdk.codecs import root_mean_power
from mridiff_sdk.diffusions import NestedMasks
from mridiff_sdk.fourier import fft
from mridiff_sdk.sampling_patterns import Order
from mridiff_sdk.training import MaskFamily, Run, Stage, Training
from mridiff_sdk.training_data import PoolConfig, WholeSlices, WholeSource, pool_files

from .net import AMKNet
from .objective import AMKObjective
from .validation import validator

PROFILE_SLICES = 256
"""Slices, in full resolution, that the radial profile is measured on."""
ARRAYS = 64
"""Simulated arrays of eight coils."""


@dataclass(frozen=True)
class Net:
    """The network."""

    widths: tuple[int, ...] = (20, 36, 50)
    blocks: int = 1
    features: int = 48
    edges: tuple[float, ...] = (0.08, 0.35, 0.7)
    reaches: tuple[int, ...] = (3, 5, 7)
    coils: int = 4
    warm: int = 12
    rounds: int = 4
    shares: tuple[float, ...] = (0.08, 0.24, 0.6)
    whiten: bool = True
    fuse: bool = True


@dataclass(frozen=True)
class Losses:
    """Weights of the three parts of the loss."""

    kspace: float = 0.1
    image: float = 1.0
    edge: float = 0.1


def training(
    run: Run, *, net: Net, pool: PoolConfig, masks: MaskFamily, stages: list[WholeSlices],
    losses: Losses = Losses(),
    order: Annotated[Order, "what comes back first"] = "centre_out",
    energy: Annotated[bool, "equal steps take equal shares of the expected magnitude, not of the samples"] = True,
    single: Annotated[float, "part of the samples with one coil"] = 0.3,
    zoom: Annotated[float, Gt(0), Le(1), "smallest share of each side of a slice that is kept"] = 1.0,
    rough: Annotated[float, Ge(0), "largest standard deviation of a fine phase, in radians"] = 0.0,
) -> Training:  # fmt: skip
    """The training of the restorer."""
    files = pool_files(run, pool)
    model = AMKNet(**asdict(net), grid=pool.size, radii=pool.size // 2)
    model.set_profile(profile(WholeSource(files, pool.size, run.seed)))
    gain = NestedMasks("auto", order, weight=model.weight if energy else None)

    def source(s: WholeSlices) -> WholeSource:
        return WholeSource(files, s.size, run.seed, s.grain, seen="coils", sets=ARRAYS, single=single, zoom=zoom, rough=rough)

    return Training(
        model=model,
        objective=AMKObjective(masks, gain, **asdict(losses)),
        stages=[Stage(source(s), s.updates, s.batch) for s in stages],
        validation=lambda: validator(run.folder()),
        licence="Apache-2.0",
        data=pool.said(run.folder(), "; coils simulated"),
    )


def profile(source: WholeSource) -> torch.Tensor:
    """The root mean square of k-space by radius, of slices scaled to a largest magnitude of 1."""
    x = source.batch(0, range(PROFILE_SLICES)).truth["x"]
    return root_mean_power(fft(x / x.abs().amax((1, 2), keepdim=True)))
