"""`mridiff robustness`: what changed scans do to a method, beside others, in one figure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mridiff.cli.common import Device, Json, print_json, registry

from .cells import bar, tell_failures


def robustness(
    method: Annotated[str, typer.Argument(help="A method that reconstructs accelerated scans of one plane.")],
    beside: Annotated[
        str, typer.Option(help="Methods that it is set beside, separated by commas.")
    ] = "zero-filled,cg-sense,l1-wavelet,tv,dpir",
    count: Annotated[int, typer.Option(min=1, help="Slices of each subject, evenly spread.")] = 1,
    size: Annotated[int, typer.Option(min=16, help="Pixels of each side.")] = 128,
    scans: Annotated[int | None, typer.Option(min=1, help="The first so many scans of each set.")] = None,
    data: Annotated[Path | None, typer.Option(envvar="MRIDIFF_DATA", help="Folder of the data.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Folder for the results; measured/METHOD-robustness if not given.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that make cells; the numbers stay the same.")] = 1,
    scheduler: Annotated[str, typer.Option(metavar="ADDRESS", help="A Dask scheduler: its workers make the cells.")] = "",
    threads: Annotated[int, typer.Option(min=1, help="Threads per process.")] = 1,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Measure a method as in its recipe and with one thing changed at a time, such as rate, noise, coils, contrast or anatomy."""
    from ..study import Part, Robustness, measure
    from ..study.changes import changes_text, draw_changes

    found = registry()
    study = Robustness(method, tuple(filter(None, (name.strip() for name in beside.split(",")))), count, size)
    name = f"{method.rpartition('/')[2]}-robustness"
    place = out or Path("measured") / name
    with bar(name) as report:
        results = measure(name, study, found, place, data, Part(scans=scans), workers=workers, scheduler=scheduler, threads=threads,
                          device=device or "cpu", report=report)  # fmt: skip
    draw_changes(place / "robustness.png", results, method)
    if as_json:
        print_json(results)
    else:
        typer.echo(f"{changes_text(results, method)}\n{place / 'robustness.png'}\n{place / 'table.md'}")
    tell_failures(results)
