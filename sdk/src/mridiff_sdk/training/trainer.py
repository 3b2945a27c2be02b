"""Trainer: minimises an objective's losses, resumable to the bit, in one process or several."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from mridiff.errors import MridiffError
from mridiff.interfaces.objective import Objective
from mridiff.interfaces.streams import Streams

from ..nets.ema import EMA
from . import checkpoint
from .log import Log
from .parallel import World


@dataclass(frozen=True)
class Batch:
    """Some samples: what was measured of them, and the truth; the trainer hands an objective only the half that it may see."""

    truth: Mapping[str, Tensor] = field(default_factory=dict)
    measured: Mapping[str, Tensor] = field(default_factory=dict)


class Source(Protocol):
    """Where batches come from: a pure function of the update and the sample's place, so that nothing needs to be remembered."""

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """The given samples of the batch of update `step`."""
        ...


@dataclass(frozen=True)
class Stage:
    """A stretch of training: `updates` with `batch` samples each, drawn from `source`."""

    source: Source
    updates: int
    batch: int


@dataclass(frozen=True)
class Schedule:
    """Learning rate: linear warm-up, constant, then linear decay to zero over the last `decay` of all updates.

    The constant stretch lets a run be made longer or shorter while it goes on: only the decay needs to know the end.
    """

    rate: float = 1e-3
    warmup: int = 200
    decay: float = 0.4

    def at(self, step: int, total: int) -> float:
        """The rate of update `step` (from 0) of `total`."""
        up = (step + 1) / self.warmup if self.warmup else 1.0
        down = (total - step) / max(self.decay * total, 1)
        return self.rate * min(up, down, 1.0)


@dataclass(frozen=True)
class Settings:
    """How a run is carried out; `save` and `validate` count updates, 0 turns validation off."""

    seed: int = 0
    schedule: Schedule = Schedule()
    weight_decay: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.99)
    clip: float = 1.0
    ema_share: float = 0.1
    autocast: bool = False
    log: int = 20
    save: int = 200
    validate: int = 0


Validate = Callable[[nn.Module], Mapping[str, float]]


class Trainer:
    """Runs stages of updates on `model`; `parameters` names which parameters each of the objective's losses moves (all, by default).

    A checkpoint in `folder` is continued. Data and random numbers depend on (seed, update, sample) alone, so a run that was killed
    and resumed gives the same losses as one that was not. Model and objective go to the device of `world`. `notes` are facts for the
    header and the card of the weights, such as "data" and "licence". Source of the averaged model: see EMA.
    """

    def __init__(self, model: nn.Module, objective: Objective, stages: Sequence[Stage], folder: Path,
                 settings: Settings | None = None, parameters: Mapping[str, Iterable[nn.Parameter]] | None = None,
                 validate: Validate | None = None, world: World | None = None, notes: Mapping[str, str] | None = None) -> None:  # fmt: skip
        self.settings, self.validate, self.world, self.notes = settings or Settings(), validate, world or World(), dict(notes or {})
        self.model, self.objective = model.to(self.world.device), objective.to(self.world.device)
        self.stages, self.folder = list(stages), folder
        groups = parameters or {"": model.parameters()}
        self.groups = {name: [p for p in group if p.requires_grad] for name, group in groups.items()}
        self.optimisers: dict[str, Optimizer] = {name: self._optimiser(group) for name, group in self.groups.items() if group}
        self.ema = EMA(model, self.settings.ema_share)
        self.named: dict[str, float] = {}
        self.step, self.total, self.seconds = 0, sum(s.updates for s in stages), 0.0
        folder.mkdir(parents=True, exist_ok=True)
        if self.path.is_file():
            counters = checkpoint.load(self.path, model, objective, self.ema, self.optimisers)
            self.step, self.seconds = int(counters["step"]), float(counters["seconds"])
        self.log = Log(folder, self.step) if self.world.rank == 0 else None

    @property
    def path(self) -> Path:
        """The checkpoint."""
        return self.folder / "checkpoint.safetensors"

    def _optimiser(self, group: list[nn.Parameter]) -> Optimizer:
        return AdamW(group, lr=0.0, betas=self.settings.betas, weight_decay=self.settings.weight_decay)

    def run(self, until: int | None = None, report: Callable[[int, float], None] | None = None) -> nn.Module:
        """Train to the end, or to update `until`; returns the averaged model. `report` is told each update and its loss."""
        end = self.total if until is None else min(until, self.total)
        started, before = time.monotonic(), self.seconds
        recent: list[float] = []
        while self.step < end:
            recent.append(self.update())
            self.step += 1
            self.seconds = before + time.monotonic() - started
            if report:
                report(self.step, recent[-1])
            if self.step % self.settings.log == 0 or self.step == end:
                loss = self.world.average_number(sum(recent) / len(recent))
                if self.log:
                    self.log.write(self.step, loss=loss, rate=self.rate(self.step - 1), seconds=round(self.seconds, 1), **self._players())
                recent = []
            self._milestones(end)
        return self.ema.model(self.model)

    def _milestones(self, end: int) -> None:
        if not self.log:
            return
        if self.step % self.settings.save == 0 or self.step == end:
            counters = {"step": self.step, "seconds": self.seconds}
            checkpoint.save(self.path, self.model, self.objective, self.ema, self.optimisers, counters)
        every = self.settings.validate
        if self.validate and every and (self.step % every == 0 or self.step == end):
            self.log.write(self.step, **self.validate(self.ema.model(self.model)))

    def _players(self) -> dict[str, float]:
        """The losses of this process's last update one by one, where there are several."""
        return {f"loss_{name}": value for name, value in self.named.items()} if len(self.named) > 1 else {}

    def rate(self, step: int) -> float:
        """Learning rate of update `step`."""
        return self.settings.schedule.at(step, self.total)

    def stage(self, step: int) -> Stage:
        """The stage that update `step` belongs to."""
        ends = itertools.accumulate(s.updates for s in self.stages)
        return next(s for s, end in zip(self.stages, ends, strict=True) if step < end)

    def update(self) -> float:
        """One pass over the objective's losses; returns their sum.

        Beside its half of the batch an objective gets "place" (sample,), where in the whole batch each sample stands, in [0, 1), and
        "stride", the distance of neighbours: with them it can stratify its draws, whatever the number of processes.
        """
        stage = self.stage(self.step)
        samples = self.world.share(stage.batch)
        batch = stage.source.batch(self.step, samples)
        visible = dict(batch.truth if self.objective.sees == "truth" else batch.measured)
        visible["place"] = torch.tensor([i / stage.batch for i in samples])
        visible["stride"] = torch.tensor(1 / stage.batch)
        device = next(self.model.parameters()).device
        visible = {name: tensor.to(device) for name, tensor in visible.items()}
        rng = Streams([f"{self.settings.seed}/update{self.step}/{i}" for i in samples])
        self.model.train()
        self.named = {}
        with torch.autocast(device.type, torch.bfloat16, enabled=self.settings.autocast):
            for name, loss in self.objective.losses(self.model, visible, rng):
                self.descend(name if name in self.groups else "", loss)
                self.named[name] = self.named.get(name, 0.0) + float(loss.detach())
        self.ema.update(self.model)
        return sum(self.named.values())

    def descend(self, name: str, loss: Tensor) -> None:
        """One step of the optimiser of this loss; raises MridiffError when the loss or its gradient is no longer finite."""
        self._finite(f"loss {name or 'total'}", loss)
        optimiser, group = self.optimisers[name], self.groups[name]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.world.average(group)
        self._finite(f"gradient of loss {name or 'total'}", torch.nn.utils.clip_grad_norm_(group, self.settings.clip))
        for options in optimiser.param_groups:
            options["lr"] = self.rate(self.step)
        optimiser.step()

    def _finite(self, what: str, number: Tensor) -> None:
        if not bool(torch.isfinite(number)):
            raise MridiffError(f"the {what} is {number.item()} at update {self.step}: training cannot go on",
                               hint="begin anew, in another folder, with a lower learning rate")  # fmt: skip
