"""Cells of a study on the command line: how far it is, and what failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..study.bench import Result
    from ..study.engine import Progress, Report


@contextmanager
def bar(label: str) -> Iterator[Report]:
    """A progress bar over all cells, with the time left by what each row took so far."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    from ..plots.numbers import format_number

    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Bars(*columns, TextColumn("{task.fields[left]}"), console=Console(stderr=True)) as bars:
        task = bars.add_task(label, total=None, left="")

        def report(progress: Progress, result: Result | None) -> None:
            left = progress.left()
            words = "" if left is None else f"{format_number('seconds', left)} left"
            what = label if result is None else f"{label}: {result.cell.row}, {result.id}"
            bars.update(task, total=len(progress.cells), completed=len(progress.done), left=words, description=what)

        yield report


def tell_failures(results: Mapping[str, Any]) -> None:
    """Raise DataError with every cell that could not be made."""
    from mridiff.errors import DataError

    if results["failed"]:
        failed = "\n".join(f"{f['cell']}: {f['message']}" for f in results["failed"])
        raise DataError(f"not all could be measured:\n{failed}", hint="What is whole is kept; the same command makes the rest.")
