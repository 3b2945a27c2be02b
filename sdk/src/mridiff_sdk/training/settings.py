"""Settings: how a training is carried out, whatever it is of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le


@dataclass(frozen=True)
class Schedule:
    """Learning rate: linear warm-up, constant, then linear decay to zero over the last `decay` of all updates.

    The constant stretch lets a run be made longer or shorter while it goes on: only the decay needs to know the end.
    """

    rate: Annotated[float, Gt(0)] = 1e-3
    warmup: Annotated[int, Ge(0)] = 200
    decay: Annotated[float, Ge(0), Le(1)] = 0.4

    def at(self, step: int, total: int) -> float:
        """The rate of update `step` (from 0) of `total`."""
        up = (step + 1) / self.warmup if self.warmup else 1.0
        down = (total - step) / max(self.decay * total, 1)
        return self.rate * min(up, down, 1.0)


@dataclass(frozen=True)
class Settings:
    """What the configuration of every training may hold beside what is its own."""

    seed: Annotated[int, "of weights, data and draws"] = 0
    schedule: Annotated[Schedule, "learning rate"] = Schedule()
    weight_decay: Annotated[float, Ge(0)] = 1e-4
    betas: Annotated[tuple[float, float], "of the optimiser, AdamW"] = (0.9, 0.99)
    clip: Annotated[float, Gt(0), "largest norm of a gradient"] = 1.0
    ema_share: Annotated[float, Ge(0), "length of the average of the model, relative to the updates so far"] = 0.1
    autocast: Annotated[bool, "bfloat16 where the processor has it; for what loses no accuracy by it"] = False
    log: Annotated[int, Ge(1), "updates from one line of the log to the next"] = 20
    save: Annotated[int, Ge(1), "updates from one checkpoint to the next"] = 200
    validate: Annotated[int, Ge(0), "updates from one validation to the next, 0 for none"] = 0
