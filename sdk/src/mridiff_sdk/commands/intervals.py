"""`mridiff intervals`: lower and upper bounds of results, by a calibration of the method that made them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FILE = "intervals.h5"


def intervals(
    path: Annotated[Path, typer.Argument(metavar="RECORD", help="A scan's record.json, or a folder: all records below it.")],
    calibration: Annotated[Path, typer.Argument(metavar="CALIBRATION", help="What `mridiff calibrate` wrote.")],
) -> None:
    """Write `intervals.h5` beside each reconstruction: `lower` and `upper` of every pixel. Results of another method are refused."""
    from mridiff.errors import DataError
    from mridiff.pipeline.record import recall

    from ..rerun import records
    from ..uncertainty import Calibration, write_intervals

    known = Calibration.read(calibration)
    folders = [record.parent for record in records(path)]
    for folder in folders:  # all are looked at before anything is written
        record, reason = recall(folder, {})
        if record is None:
            raise DataError(f"{folder}: {reason}", hint="Make the result again with `mridiff recon`.")
        known.check(record)
    for folder in folders:
        write_intervals(folder / FILE, folder / "reconstruction.h5", known)
        typer.echo(folder / FILE)
    typer.echo(f"{known.promise}.")
