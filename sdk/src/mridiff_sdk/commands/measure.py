"""`mridiff measure`: the numbers of a study, which a package declares."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mridiff.cli.common import Device, Json, registry, table

from .cells import bar, named, tell


def measure(
    name: Annotated[str | None, typer.Argument(help="A study; all are listed if not given.")] = None,
    only: Annotated[str | None, typer.Option(help="Rows, separated by commas, instead of all.")] = None,
    scans: Annotated[int | None, typer.Option(min=1, help="The first so many scans of each set.")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="The first so many seeds.")] = None,
    data: Annotated[Path | None, typer.Option(envvar="MRIDIFF_DATA", help="Folder of the data.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for the results; measured/NAME if not given.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that make cells; the numbers stay the same.")] = 1,
    scheduler: Annotated[str, typer.Option(metavar="ADDRESS", help="A Dask scheduler: its workers make the cells.")] = "",
    threads: Annotated[int, typer.Option(min=1, help="Threads per process.")] = 1,
    device: Device = None,
    card: Annotated[
        bool,
        typer.Option(
            "--card", help="Write results and tables into the package that declares the study; without NAME, tables anew from results."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Measure methods on sets of scans: a table with intervals and paired differences; what is there already is not made again."""
    from mridiff.errors import ConfigError, Mistake

    from ..study import Part
    from ..study import measure as run
    from ..study.card import ready, refresh, write_card
    from ..study.finding import find, studies
    from ..study.standing import joined, standing

    found = registry()
    if name is None:
        known, faults = studies(found)
        for folder in {d.folder for d in known.values() if d.folder is not None} if card else ():
            refresh(folder)
        rows = [[n, d.entry.distribution, f"{len(d.study.rows)} x {len(d.study.scans)}", d.study.title] for n, d in known.items()]
        typer.echo(table(rows, ("study", "package", "rows x scans", "what")))
        for fault in faults:
            typer.echo(f"{fault.message}", err=True)
        return
    declared = find(name, found)
    part = Part(tuple(named(only or "", declared.study.rows)), scans, seeds)
    mistakes = [Mistake("--data", f"{data} is no folder")] if data is not None and not data.is_dir() else []
    mistakes += [Mistake("--card", "a card shows all scans and seeds: leave --scans and --seeds out")] if card and (scans or seeds) else []
    mistakes += [Mistake("--scheduler", "its workers make the cells: leave --workers out")] if scheduler and workers > 1 else []
    if mistakes:
        raise ConfigError(mistakes)
    package = ready(declared.folder, name) if card else None
    before = standing(package / "results" / f"{name}.json", declared.study, part.rows, found, data) if package and part.rows else None
    place = out or Path("measured") / name
    with bar(name) as report:
        results = run(name, declared.study, found, place, data, part, workers=workers, scheduler=scheduler, threads=threads,
                      device=device or "cpu", report=report)  # fmt: skip
    tell(results, place, as_json)
    if package is not None:
        write_card(package, joined(before, results, declared.study) if before else results)
