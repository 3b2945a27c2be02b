"""Log: losses and validation figures as JSON lines, and as event files for TensorBoard."""

from __future__ import annotations

import json
from pathlib import Path

from mridiff.io.atomic import write_atomically

from .events import Events


class Log:
    """Appends one JSON object a line to `folder/log.jsonl`, and its figures to `folder/tensorboard`."""

    def __init__(self, folder: Path, step: int = 0) -> None:
        """A log that goes on after update `step`; later lines, of a run that was killed, are dropped: it writes them again."""
        self.path = folder / "log.jsonl"
        if self.path.exists():
            kept = [row for row in read_log(folder) if row["step"] <= step]
            with write_atomically(self.path) as temporary:
                temporary.write_text("".join(f"{json.dumps(row)}\n" for row in kept))
        self.events = Events(folder / "tensorboard", step)

    def write(self, step: int, **figures: float) -> None:
        """One line."""
        with self.path.open("a") as f:
            f.write(json.dumps({"step": step, **figures}) + "\n")
        self.events.write(step, figures)


def read_log(folder: Path) -> list[dict[str, float]]:
    """All lines of the log in `folder`, none if it is not there; what a kill cut short, or is no line of a log, is left out."""
    path = folder / "log.jsonl"
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return [row for row in map(_row, lines) if row]


def _row(line: bytes) -> dict[str, float]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) and isinstance(row.get("step"), int) else {}
