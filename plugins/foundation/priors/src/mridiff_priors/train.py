"""Train the denoiser: `python -m mridiff_priors.train --config train.yaml --data FOLDER --out DIR`; continues where it was stopped."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from mridiff.io.weights import load_into, read_weights
from mridiff_sdk.coils.simulate import simulate_maps
from mridiff_sdk.nets.preconditioned import Preconditioned
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.training.objectives import DenoisingObjective
from mridiff_sdk.training.parallel import join
from mridiff_sdk.training.trainer import Schedule, Settings, Stage, Trainer, Validate

from .data.pool import PoolConfig, build
from .data.source import PoolSource
from .measure import denoising, held_out, reconstruction

SIGMA_RANGE = (0.005, 20.0)
"""Noise levels that training covers."""


def validator(data: Path) -> Validate:
    """A function that measures a model on held-out heads."""
    images = held_out(data, 128, tuple(range(5, 300, 30)))
    few = held_out(data, 160, (30, 170))
    maps = simulate_maps(8, (160, 160), 0)

    @torch.no_grad()
    def validate(model: nn.Module) -> Mapping[str, float]:
        return denoising(model, images) | reconstruction(model, few, maps, steps=15)

    return validate


def trainer(config: Mapping[str, Any], data: Path, out: Path, cache: Path, start: Path | None = None, parts: int = 2) -> Trainer:
    """The run that `config` describes, ready to start, from the weights in `start` if given, or to continue."""
    seed = int(config["seed"])
    pool = PoolConfig(**config["pool"])
    files = [build(pool, data, cache, part, parts) for part in range(parts)]
    stages = [Stage(PoolSource(files, s["crop"], seed, s.get("grain", 0.0)), s["updates"], s["batch"]) for s in config["stages"]]
    with seeded_layers(seed):
        model = Preconditioned(config["net"], config["sigma_data"], SIGMA_RANGE)
    if start:
        load_into(model.net, read_weights(start)[0])
    objective = DenoisingObjective(config["sigma_data"])
    settings = Settings(seed, Schedule(**config["schedule"]), save=config["save"], validate=config["validate"])
    return Trainer(model, objective, stages, out, settings, validate=validator(data), world=join())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).parent / "train.yaml")
    parser.add_argument("--data", type=Path, default=os.environ.get("MRIDIFF_DATA"), help="data folder (default: MRIDIFF_DATA)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint, the log and the weights")
    parser.add_argument("--cache", type=Path, help="folder of the slice pool (default: OUT/cache)")
    parser.add_argument("--weights", type=Path, help="weights to start from (default: from nothing)")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data FOLDER, or set MRIDIFF_DATA")
    torch.set_num_threads(options.threads)
    config = yaml.safe_load(options.config.read_text())
    run = trainer(config, Path(options.data), options.out, options.cache or options.out / "cache", options.weights)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=run.world.rank != 0) as bar:
        task = bar.add_task("training", total=run.total, completed=run.step)
        model = run.run(report=lambda step, loss: bar.update(task, completed=step, description=f"loss {loss:.4f}"))
    if run.world.rank == 0 and isinstance(model, Preconditioned):
        model.save(options.out / "weights.safetensors", updates=str(run.step))


if __name__ == "__main__":
    main()
