"""Trainer: minimises an objective's losses, resumable to the bit, in one process or several."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from mridiff.errors import ConfigError, Mistake, MridiffError
from mridiff.interfaces import Objective, Streams

from ..nets.ema import EMA
from ..nets.precision import fast_bfloat16
from . import checkpoint
from .log import Log
from .origin import differences, outline, plain, plan
from .parallel import World
from .settings import Settings
from .training import Stage, Training


class Nothing(Objective):
    """Of a model that was fitted when it was built: there is nothing left to minimise."""

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """None."""
        yield from ()


class Trainer:
    """Carries out a training in `folder`: runs its stages, one optimiser for each loss, and keeps log and checkpoint.

    A checkpoint in `folder` is continued where it is of this very training: what it was made of (`made_of`, by name), data, and every
    update done so far are compared, and ConfigError names what differs. A length or schedule that only changes what is still to come is
    allowed, and so are other `versions`; `changed` says them. Data and random numbers depend on (seed, update, sample) alone, so a run
    that was killed and resumed gives the same losses as one that was not. Model and objective go to the device of `world`. Source of the
    averaged model: see EMA.
    """

    def __init__(self, training: Training, folder: Path, settings: Settings | None = None, world: World | None = None,
                 made_of: Mapping[str, Any] | None = None, versions: Mapping[str, str] | None = None) -> None:  # fmt: skip
        self.training, self.settings, self.world = training, settings or Settings(), world or World()
        self.model, self.objective = training.model.to(self.world.device), (training.objective or Nothing()).to(self.world.device)
        self.stages, self.folder = list(training.stages), folder
        groups = training.parameters or {"": self.model.parameters()}
        self.groups = {name: [p for p in group if p.requires_grad] for name, group in groups.items()}
        self.optimisers: dict[str, Optimizer] = {name: self._optimiser(group) for name, group in self.groups.items() if group}
        self.ema = EMA(self.model, self.settings.ema_share)
        self.named: dict[str, float] = {}
        self.step, self.total, self.seconds = 0, sum(s.updates for s in self.stages), 0.0
        self.validate = training.validation() if training.validation and self.settings.validate and self.stages else None
        self.origin = plain({
            "made of": {**(made_of or {}), "data": training.data}, "plan": plan(self.stages, self.settings.schedule),
            "versions": versions or {}, "data": outline(self.stages, self.objective.sees),
        })  # fmt: skip
        self.changed = self._go_on() if self.path.exists() else []
        folder.mkdir(parents=True, exist_ok=True)
        self.log = Log(folder, self.step) if self.world.rank == 0 and self.stages else None

    def _go_on(self) -> list[str]:
        """Continue the checkpoint; returns what was allowed to change. Raises ConfigError with all that forbids it."""
        counters = checkpoint.counters(self.path)
        against, allowed = differences(counters["origin"], self.origin, int(counters["step"]))
        if against:
            raise ConfigError([Mistake("", f"{self.folder} holds another training:"), *(Mistake("", f"  {text}") for text in against)],
                              hint="give another folder, or what it began with")  # fmt: skip
        checkpoint.load(self.path, self.model, self.objective, self.ema, self.optimisers)
        self.step, self.seconds = int(counters["step"]), float(counters["seconds"])
        return allowed

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
            counters = {"step": self.step, "seconds": self.seconds, "origin": self.origin}
            checkpoint.save(self.path, self.model, self.objective, self.ema, self.optimisers, counters)
        every = self.settings.validate
        if self.validate and every and (self.step % every == 0 or self.step == end):
            self.log.write(self.step, **self.validate(self.ema.model(self.model).cpu()))

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
        with torch.autocast(device.type, torch.bfloat16, enabled=self.settings.autocast and fast_bfloat16(device)):
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
