"""Progress with time left, for everything that a person waits for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..interfaces.sampler import Step
    from ..pipeline.run import Watch


@contextmanager
def progress(scans: int, label: str = "") -> Iterator[Watch]:
    """A bar over all steps of all scans, with the time left; gives the function to call after each step."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    text, left = TextColumn("{task.description}", markup=False), TextColumn("left")
    columns = text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), left, TimeRemainingColumn()
    seen: dict[str, int] = {}
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=None)

        def watch(scan: str, step: Step, first: int, samples: int) -> None:
            seen.setdefault(scan, len(seen))
            per_scan = step.total * samples
            done = seen[scan] * per_scan + first * step.total + (step.index + 1) * (min(samples - first, samples))
            bar.update(task, description=f"{label} {scan}".strip(), total=scans * per_scan, completed=min(done, scans * per_scan))

        yield watch
