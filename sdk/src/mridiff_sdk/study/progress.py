"""Progress: how far a study is, and what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from mridiff.cli.progress import Done
from mridiff.interfaces import Step
from mridiff.pipeline.method import Watch

from .bench import Cell, Result

Report = Callable[["Progress", Result | None], None]
"""Called before the first cell and after each step, with None, and after each cell."""


@dataclass
class Progress:
    """Cells that are done, the one that is made now and its share, and the seconds that those to come will take."""

    cells: Sequence[Cell]
    workers: int = 1
    done: dict[Cell, Result] = field(default_factory=dict)
    now: Cell | None = None
    share: float = 0.0
    _began: float = 0.0

    def left(self) -> float | None:
        """Seconds, by what the rows took so far, at least those of the longest cell; None as long as nothing is known."""
        seconds: dict[str, list[float]] = {}
        for cell, result in self.done.items():
            if result.record is not None:
                seconds.setdefault(cell.row, []).append(result.record["cost"]["seconds"])
        if self.now is not None and self.share:
            seconds.setdefault(self.now.row, [(monotonic() - self._began) / self.share])
        known = {row: sum(s) / len(s) for row, s in seconds.items()}
        if not known:
            return None
        other = sum(known.values()) / len(known)
        to_come = [known.get(c.row, other) * (1 - self.share * (c == self.now)) for c in self.cells if c not in self.done]
        return max(sum(to_come) / self.workers, *to_come, 0.0)

    def step(self, cell: Cell, report: Report) -> Watch:
        """What is called after each step of a cell, which begins now."""
        self.now, self.share, self._began = cell, 0.0, monotonic()
        done = Done()

        def watch(scan: str, step: Step, first: int, samples: int) -> None:
            self.share = done.after(scan, step, first, samples)
            report(self, None)

        return watch

    def add(self, result: Result) -> None:
        """Take in a cell that is done."""
        self.done[result.cell] = result
        self.now, self.share = None, 0.0
