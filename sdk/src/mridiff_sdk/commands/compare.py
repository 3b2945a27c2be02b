"""`mridiff compare`: several methods on the same scans, with the same masks, scores and costs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mridiff.cli.common import (
    Acceleration,
    Changes,
    Device,
    Json,
    Out,
    Reader,
    Samples,
    Seed,
    changes,
    onto_input,
    print_json,
    registry,
    scores,
    tell,
)

if TYPE_CHECKING:
    from mridiff.errors import MridiffError


def compare(
    methods: Annotated[str, typer.Argument(help="Names or YAML files, separated by commas.")],
    path: Annotated[Path | None, typer.Argument(metavar="[INPUT]", help="A file or a folder; else the first method's own scan.")] = None,
    out: Out = Path("out"),
    acceleration: Acceleration = None,
    samples: Samples = None,
    seed: Seed = None,
    sets: Changes = None,
    reader: Reader = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Compare methods: a table, a picture per scan with error maps, a page, and each method's results in a folder of its own."""
    from mridiff.cli.ending import report
    from mridiff.cli.progress import progress
    from mridiff.pipeline.config import parse

    from ..comparison import compare as run_comparison

    found = registry()
    names = [m for m in methods.split(",") if m]
    wanted = onto_input(changes(sets, seed=seed, samples=samples, device=device), path, reader, acceleration, found)
    if path is None and names:
        own = parse(names[0], found, wanted)[0].dataset
        wanted = {**wanted, "dataset": None if own is None else own.model_dump()}
    failed: list[MridiffError] = []
    with progress() as bars:
        record = run_comparison(names, found, wanted, out, bars, failed)
    if as_json:
        print_json(record)
    else:
        _tell(record, out)
    for error in failed if not as_json else ():
        report(error)
    if failed:
        raise SystemExit(max(error.exit_code for error in failed))


def _tell(record: dict[str, Any], out: Path) -> None:
    for scan in record["scans"]:
        typer.echo(f"\n{scan['id']}")
        typer.echo(_table(scan["methods"]))
    if len(record["scans"]) > 1:
        typer.echo(f"\nmean of {len(record['scans'])} scans")
        typer.echo(_table(record["mean"]))
    tell(record["scans"])
    if record["scans"]:
        typer.echo(f"\nopen {out / 'index.html'}")


def _table(methods: dict[str, Any]) -> str:
    return scores("method", [(name, found["metrics"], found["cost"]) for name, found in methods.items()])
