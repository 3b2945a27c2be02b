"""Job: one training from its declaration to weights that describe themselves."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import typer
from torch import nn

from mridiff.errors import ConfigError, DataError, Mistake, PluginContractError
from mridiff.io.atomic import lock
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry

from ..io.weights import load_into, read_weights, write_weights
from ..seeds import seeded_layers
from .card import write_card
from .configuration import read_configuration
from .origin import made_of
from .parallel import join
from .run import Run
from .trainer import Trainer
from .training import Kept, Training


@dataclass(frozen=True)
class Job:
    """What `mridiff train` was told; a value, so that processes can be started with it."""

    kind: str
    name: str
    config: Path
    data: Path | None
    out: Path
    cache: Path
    weights: Path | None = None
    threads: int = 1
    processes: int = 1
    device: str = "cpu"

    @property
    def command(self) -> str:
        """The command that repeats the training; folders of one machine are left out of it."""
        words = ["mridiff train", self.name, "--config", self.config.name, *(["--data FOLDER"] if self.data else []), "-o DIR"]
        words += ["--weights", self.weights.name] if self.weights else []
        words += [f"--processes {self.processes}"] if self.processes > 1 else []
        words += [f"--device {self.device}"] if self.device != "cpu" else []
        return " ".join([*words, f"--threads {self.threads}"])

    def __call__(self) -> None:
        """Train in this process, alone or as one of several; the first of them writes weights and card."""
        torch.set_num_threads(self.threads)
        entry = Registry.discover().find(self.kind, self.name)
        training = entry.function("training")
        arguments, settings, config = read_configuration(self.config, training)
        run = Run(self.out, self.data, self.cache, self.weights, settings, join(self.device))
        versions = {entry.distribution: entry.version, "mridiff-sdk": version("mridiff-sdk"), "torch": torch.__version__}
        with alone(self.out) if run.world.rank == 0 else nullcontext():
            trainer = prepare(training, run, entry.qualified, versions, **arguments)
            if run.world.rank == 0 and trainer.step:
                tell(trainer)
            model = watched(trainer)
            if run.world.rank == 0:
                finish(self, entry, trainer, model, config)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder of results; raises DataError where another training holds it now."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        handle = lock(folder)
    except BlockingIOError as error:
        raise DataError(f"another training is under way in {folder}", hint="wait until it has ended, or give another folder") from error
    try:
        yield
    finally:
        os.close(handle)


def prepare(training: Callable[..., Training], run: Run, component: str = "", versions: Mapping[str, str] | None = None,
            **arguments: Any) -> Trainer:  # fmt: skip
    """What a package's function says of a training, ready to start, from the weights of `run` if it has any, or to go on.

    Raises ConfigError for weights where there is nothing to start, or a folder that holds another training; DataError for weights that
    do not fit or a damaged checkpoint; PluginContractError where the function returns anything but a Training.
    """
    bound = inspect.signature(training).bind(run, **arguments)
    bound.apply_defaults()
    with seeded_layers(run.seed):
        task = training(*bound.args, **bound.kwargs)
    if not isinstance(task, Training):
        raise PluginContractError(f"{component or training.__name__}: the training returned a {type(task).__name__}",
                                  hint="return a mridiff_sdk.training.Training")  # fmt: skip
    if run.weights:
        start_from(task, run.weights)
    return Trainer(task, run.out, run.settings, run.world, made_of(component, bound.kwargs, run.settings, run.weights), versions)


def start_from(training: Training, weights: Path) -> None:
    """Put weights into the model that is to be trained."""
    if not training.stages:
        raise ConfigError([Mistake("--weights", "this model is fitted in closed form: there is nothing that could start from weights")])
    if isinstance(training.model, Kept):
        training.model.start_from(weights)
    else:
        load_into(training.model, read_weights(weights)[0])


def tell(trainer: Trainer) -> None:
    """Say where a run goes on, and what was changed since it began."""
    typer.echo(f"{trainer.folder}: goes on after update {trainer.step} of {trainer.total}", err=True)
    for text in trainer.changed:
        typer.echo(f"  {text}", err=True)


def watched(trainer: Trainer) -> nn.Module:
    """Train to the end under a bar with loss and time left; returns the averaged model."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    text, left = TextColumn("{task.description}"), TextColumn("left")
    columns = text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), left, TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), disable=trainer.world.rank != 0) as bar:
        task = bar.add_task("training", total=trainer.total, completed=trainer.step)
        mean = [0.0, 0.0]

        def report(step: int, loss: float) -> None:
            mean[:] = 0.98 * mean[0] + 0.02 * loss, 0.98 * mean[1] + 0.02
            bar.update(task, completed=step, description=f"loss {mean[0] / mean[1]:.4g}")

        return trainer.run(report=report)


def finish(job: Job, entry: Entry, trainer: Trainer, model: nn.Module, config: dict[str, Any]) -> None:
    """Write weights.safetensors with its origin in the header, and the card."""
    training = trainer.training
    notes = {"component": entry.qualified, "command": job.command, "config": json.dumps(config, sort_keys=True),
             "licence": training.licence, "data": training.data, "seed": str(trainer.settings.seed), "updates": str(trainer.step),
             "hours": f"{trainer.seconds / 3600:.2f}"}  # fmt: skip
    if job.weights:
        notes["started_from"] = trainer.origin["made of"]["--weights"]
    path = job.out / "weights.safetensors"
    sha256 = model.save(path, **notes) if isinstance(model, Kept) else write_weights(path, model.state_dict(), notes)
    write_card(job.out, entry.spec.name, {**notes, "sha256": sha256}, parameters=sum(p.numel() for p in model.parameters()))
