"""`mridiff compare`: several methods on the same scans, with the same masks, scores and costs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
    registry,
)


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
    against: Annotated[str | None, typer.Option(help="Methods that the others are paired with, separated by commas.")] = None,
    as_json: Json = False,
) -> None:
    """Compare methods: tables, a page to look through, each method's results in a folder of its own; what is there is kept."""
    import shlex

    import torch

    from mridiff.pipeline.config import parse

    from ..comparison import comparison, prepared
    from ..study import measure
    from .cells import bar, named, tell

    found = registry()
    names = [m for m in methods.split(",") if m]
    wanted = onto_input(changes(sets, seed=seed, samples=samples, device=device), path, reader, acceleration, found)
    if path is None and names:
        own = parse(names[0], found, wanted)[0].dataset
        wanted = {**wanted, "dataset": None if own is None else own.model_dump()}
    given = [methods, *([str(path)] if path else []), *(["-R", f"{acceleration:g}"] if acceleration else [])]
    study = comparison(names, found, wanted, list(named(against or "", names)), shlex.join(["mridiff", "compare", *given]))
    with bar("compare") as report:
        results = measure("compare", study, found, out, threads=torch.get_num_threads(), flat=True, report=report, before=prepared)
    tell(results, out, as_json)
