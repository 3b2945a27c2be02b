"""`mridiff intervals`: bounds of results, and whether their prior fits, by a calibration of the method that made them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mridiff.cli.common import registry

FILE = "intervals.h5"


def intervals(
    path: Annotated[Path, typer.Argument(metavar="RECORD", help="A scan's record.json, or a folder: all records below it.")],
    calibration: Annotated[Path, typer.Argument(metavar="CALIBRATION", help="What `mridiff calibrate` wrote.")],
) -> None:
    """Write `intervals.h5` beside each reconstruction: `lower` and `upper` of every pixel, and how unusual its misfit to the prior is.

    Results of another method are refused.
    """
    from mridiff.errors import DataError
    from mridiff.pipeline.method import Method
    from mridiff.pipeline.plan import plan
    from mridiff.pipeline.record import describe, recall

    from ..rerun import records
    from ..uncertainty import Calibration, misfit, write_intervals
    from ..uncertainty.output import read_result

    known, found = Calibration.read(calibration), registry()
    folders = {record.parent: "" for record in records(path)}
    method: Method | None = None
    for folder in folders:  # all are looked at before anything is written
        record, reason = recall(folder, {})
        if record is None:
            raise DataError(f"{folder}: {reason}", hint="Make the result again with `mridiff recon`.")
        known.check(record)
        folders[folder] = record["id"]
        if known.misfits and method is None:
            method = Method(plan(record["config"], found))
            known.check({**describe(method), "samples": record["samples"]})  # the weights that are installed here
    for folder, scan in folders.items():
        score = None if method is None else misfit(method, read_result(folder / "reconstruction.h5", scan))
        write_intervals(folder / FILE, folder / "reconstruction.h5", known, score)
        words = (
            ""
            if score is None
            else f": misfit {score:.3g}, more than {known.unusual(score):.0%} of {len(known.misfits)} scans calibrated on"
        )
        typer.echo(f"{folder / FILE}{words}")
    typer.echo(f"{known.promise}.")
