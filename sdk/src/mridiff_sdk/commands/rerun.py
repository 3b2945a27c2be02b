"""`mridiff rerun`: is a result what its record says? Made again from the record, and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mridiff.cli.common import Json, print_json, registry, table


def rerun(
    path: Annotated[Path, typer.Argument(metavar="RECORD", help="A scan's record.json, or a folder: all records below it.")],
    tolerance: Annotated[float, typer.Option(min=0, help="Largest deviation that counts as equal, relative to the largest value.")] = 1e-4,
    data: Annotated[Path | None, typer.Option(envvar="MRIDIFF_DATA", help="Folder of the data, for cells of a study.")] = None,
    as_json: Json = False,
) -> None:
    """Make results again from their records, and say: identical, equal within the tolerance, or different, and what changed since."""
    from mridiff.cli.ending import report
    from mridiff.cli.progress import progress
    from mridiff.errors import MridiffError

    from ..rerun import DIFFERENT, records
    from ..rerun import rerun as again

    known, found = registry(), []
    errors: list[MridiffError] = []
    paths = records(path)
    with progress() as bars:
        watch = bars("rerun", len(paths))
        for record in paths:
            try:
                found.append(again(record, known, tolerance, watch, data))
            except MridiffError as error:
                errors.append(error)
    if as_json and not errors:
        print_json([one.as_dict() for one in found])
    elif not as_json:
        typer.echo(table([(one.scan, one.verdict, f"{one.deviation:.1e}") for one in found], ("scan", "again", "deviation")))
        for change in dict.fromkeys(change for one in found for change in one.changed):
            typer.echo(f"not as it was: {change}")
    for failure in errors:
        report(failure)
    if errors or any(one.verdict == DIFFERENT for one in found):
        raise SystemExit(max((failure.exit_code for failure in errors), default=3))
