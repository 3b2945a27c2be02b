"""Train the prior: `mridiff train simplex-ddpm --data FOLDER -o DIR`, and with `--config train-gaussian.yaml` what it is compared with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from mridiff_sdk.training import Run, Stage, Training

from .healthy import HealthySource, Slices
from .net import EpsilonNet
from .noise import SOURCES, Bank
from .objective import NoiseObjective
from .prior import P99
from .validation import validator


@dataclass(frozen=True)
class Net:
    """What may be chosen of the UNet."""

    widths: list[int]
    blocks: list[int]
    features: int = 64


def training(
    run: Run,
    *,
    noise: Annotated[Literal["simplex", "white"], "what the slices are degraded with"],
    net: Net,
    slices: Slices,
    furthest: Annotated[float, Gt(0), Le(1), "part of the chain that is learned, from its clean end"],
    planes: Annotated[int, Ge(1), "planes of simplex noise that draws are cut from"] = 64,
    updates: Annotated[int, Ge(1), "number of updates"],
    batch: Annotated[int, Ge(1), "slices in each"],
) -> Training:
    """The training of the prior."""
    source = Bank(slices.size, planes, run.cache) if noise == "simplex" else SOURCES[noise]
    return Training(
        model=EpsilonNet(asdict(net), noise, furthest),
        objective=NoiseObjective(source, furthest),
        stages=[Stage(HealthySource(slices.kept(run), P99, run.seed), updates, batch)],
        validation=lambda: validator(run.folder(), slices.size),
        licence="Apache-2.0",
        data=f"{slices.count} axial brain slices of {slices.size} pixels without lesions, drawn in the contrast of FLAIR from the label "
        f"maps of heads {', '.join(map(str, slices.heads))} (brain_label_maps) with seed {slices.seed} ({slices.key(run.folder())}).",
    )
