"""Progress with time left, for everything that a person waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..interfaces.sampler import Step
    from ..pipeline.method import Watch


class Done:
    """How much of a run is done, in scans: within a scan by its samples and steps, and never less than before."""

    def __init__(self) -> None:
        self.scans: list[str] = []
        self.share = 0.0

    def after(self, scan: str, step: Step, first: int, samples: int) -> float:
        """What is done after this step of the batch that begins with sample `first` of so many."""
        if scan not in self.scans:
            self.scans.append(scan)
        within = (first + len(step.x0) * (step.index + 1) / step.total) / samples
        self.share = max(self.share, len(self.scans) - 1 + min(within, 1.0))
        return self.share


@contextmanager
def progress() -> Iterator[Callable[[str, int], Watch]]:
    """Gives the function that starts a bar: of a label and a number of scans it makes the function to call after each step."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("left")
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:

        def bar(label: str, scans: int) -> Watch:
            task, done = bars.add_task(label, total=scans), Done()

            def watch(scan: str, step: Step, first: int, samples: int) -> None:
                bars.update(task, description=f"{label} {scan}", completed=done.after(scan, step, first, samples))

            return watch

        yield bar
