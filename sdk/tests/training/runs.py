"""A training run small enough for tests; also what the two-process test starts."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from mridiff_sdk.nets.preconditioned import Preconditioned
from mridiff_sdk.training import Batch, Schedule, Settings, Stage, Trainer, Training, Validate
from mridiff_sdk.training.objectives import DenoisingObjective
from mridiff_sdk.training.parallel import join


class Blobs:
    """Images (sample, 8, 8) of one value each."""

    def __init__(self, size: int = 8) -> None:
        self.size = size

    def batch(self, step: int, samples: Sequence[int]) -> Batch:
        """A complex value per sample, which depends on step and place alone."""
        value = torch.tensor([complex((step * 7 + i * 3) % 5 - 2, i % 3 - 1) / 2 for i in samples])
        return Batch(truth={"x": value[:, None, None].expand(-1, self.size, self.size).to(torch.complex64).contiguous()})


def small_training(validate: Validate | None = None) -> Training:
    """Twelve updates in two stages."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Preconditioned({"widths": [4, 8], "blocks": [1, 1], "features": 8}, 0.5, (0.01, 10.0))
    stages = [Stage(Blobs(8), 8, 4), Stage(Blobs(16), 4, 2)]
    return Training(model=model, objective=DenoisingObjective(0.5), stages=stages, data="Blobs.", licence="CC0-1.0",
                    validation=(lambda: validate) if validate else None)  # fmt: skip


SCHEDULE = Schedule(1e-2, warmup=3, decay=0.5)


def small_run(folder: Path, training: Training | None = None, made_of: Mapping[str, str] | None = None, **settings: Any) -> Trainer:
    """It, ready to start or to go on."""
    return Trainer(training or small_training(), folder, Settings(**{"seed": 3, "schedule": SCHEDULE, "log": 1, "save": 5, **settings}),
                   join(), made_of)  # fmt: skip


def run_keeping_gradients(folder: Path) -> None:
    """Train to the end; each process keeps the gradient of its third update beside the log (in the first most are zero)."""
    run = small_run(folder)
    run.run(until=3)
    gradients = {name: p.grad.contiguous() for name, p in run.model.named_parameters() if p.grad is not None}
    save_file(gradients, folder / f"gradient{run.world.rank}.safetensors")
    run.run()


if __name__ == "__main__":
    run_keeping_gradients(Path(sys.argv[1]))
