"""Log: losses and validation figures as JSON lines, and for TensorBoard where its package is installed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any


class Log:
    """Appends one JSON object a line to `folder/log.jsonl`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "log.jsonl"
        self.board: Any = None
        if importlib.util.find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self.board = SummaryWriter(str(folder / "tensorboard"))

    def rewind(self, step: int) -> None:
        """Drop the lines after update `step`: a run that resumes there writes them again."""
        if self.path.is_file():
            lines = [line for line in self.path.read_text().splitlines() if json.loads(line)["step"] <= step]
            self.path.write_text("".join(f"{line}\n" for line in lines))

    def write(self, step: int, **figures: float) -> None:
        """One line."""
        with self.path.open("a") as f:
            f.write(json.dumps({"step": step, **figures}) + "\n")
        if self.board is not None:
            for name, value in figures.items():
                self.board.add_scalar(name, value, step)
