"""Job: one training from its declaration to weights that describe themselves."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from mridiff.io.weights import write_weights
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry

from .card import write_card
from .configuration import read_configuration
from .parallel import join
from .run import Run
from .trainer import Trainer


@runtime_checkable
class Saves(Protocol):
    """A model that writes itself, with notes in the header; returns the SHA-256 of the file."""

    def save(self, path: Path, **notes: str) -> str:
        """Write the file."""
        ...


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
        training = entry.training()
        arguments, plain = read_configuration(self.config, training)
        world = join(self.device)
        trainer: Trainer = training(Run(self.data, self.out, self.cache, self.weights, world), **arguments)
        model = watched(trainer)
        if world.rank == 0:
            finish(self, entry, trainer, model, plain)


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
    notes = {"component": entry.qualified, "command": job.command, "config": json.dumps(config, sort_keys=True), **trainer.notes,
             "seed": str(trainer.settings.seed), "updates": str(trainer.step), "hours": f"{trainer.seconds / 3600:.2f}"}  # fmt: skip
    if job.weights:
        notes["started_from"] = hashlib.sha256(job.weights.read_bytes()).hexdigest()
    path = job.out / "weights.safetensors"
    sha256 = model.save(path, **notes) if isinstance(model, Saves) else write_weights(path, model.state_dict(), notes)
    write_card(job.out, entry.spec.name, {**notes, "sha256": sha256}, parameters=sum(p.numel() for p in model.parameters()))
