"""Cells of a study on the command line: how far it is, what came of it, and what failed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mridiff.cli.common import print_json

if TYPE_CHECKING:
    from ..study.bench import Result
    from ..study.progress import Progress, Report


def tell(results: dict[str, Any], place: Path, as_json: bool) -> None:
    """Print the tables, or all as JSON, and on the error stream what is to be noted; raises DataError where cells failed."""
    from ..study.tables import text_of

    if as_json:
        print_json(results)
    else:
        typer.echo(f"{text_of(results)}\nopen {place / 'index.html'}")
    for note in results["noted"]:
        typer.echo(f"note: {note}", err=True)
    tell_failures(results)


def tell_failures(results: Mapping[str, Any]) -> None:
    """Raise DataError with every cell that could not be made."""
    from mridiff.errors import DataError

    if results["failed"]:
        failed = "\n".join(f"{f['cell']}: {f['message']}" for f in results["failed"])
        raise DataError(f"not all could be measured:\n{failed}", hint="What is whole is kept; the same command makes the rest.")


def named(text: str, rows: Collection[str]) -> Iterator[str]:
    """The names in a text that are separated by commas, which a row's name may hold too."""
    parts = text.split(",")
    while parts:
        n = next((n for n in range(len(parts), 0, -1) if ",".join(parts[:n]).strip() in rows), 1)
        if name := ",".join(parts[:n]).strip():
            yield name
        del parts[:n]


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
            cell = progress.now if result is None else result.cell
            what = label if cell is None else f"{label}: {cell.row}, {result.id if result else f'scan {cell.scan}'}"
            bars.update(task, total=len(progress.cells), completed=len(progress.done) + progress.share, left=words, description=what)

        yield report
