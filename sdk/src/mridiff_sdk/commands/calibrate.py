"""`mridiff calibrate`: intervals with a stated coverage, from samples of a method on scans with truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mridiff.cli.common import Acceleration, Changes, Device, Json, Reader, Samples, Seed, changes, onto_input, print_json, registry, table

if TYPE_CHECKING:
    from ..uncertainty import Calibration


def calibrate(
    method: Annotated[str, typer.Argument(help="A method's name or a YAML file.")],
    path: Annotated[Path | None, typer.Argument(metavar="[INPUT]", help="Scans of several subjects with truth; else the method's.")] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="File for the calibration.")] = Path("calibration.json"),
    level: Annotated[float, typer.Option(help="Share of a subject's pixels that intervals hold.")] = 0.9,
    confidence: Annotated[float, typer.Option(help="How probable that is in a new subject.")] = 0.5,
    acceleration: Acceleration = None,
    samples: Samples = None,
    seed: Seed = None,
    sets: Changes = None,
    reader: Reader = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Calibrate a method's intervals on scans that its weights have not seen, subject by subject; `mridiff intervals` applies them."""
    from mridiff.cli.progress import progress
    from mridiff.pipeline.method import Method, load_dataset
    from mridiff.pipeline.plan import plan

    from ..uncertainty import calibrate as made

    found = registry()
    wanted = changes(sets, seed=seed, samples=samples, device=device)
    built = Method(plan(method, found, onto_input(wanted, path, reader, acceleration, found)))
    scans = load_dataset(built.plan)
    with progress() as bars:
        calibration = made(built, scans, level, confidence, bars("calibrate", len(scans)))
    calibration.write(out)
    if as_json:
        print_json({"file": str(out), "factor": calibration.factor, "promise": calibration.promise, "subjects": calibration.subjects})
    else:
        _tell(calibration, out)


def _tell(calibration: Calibration, out: Path) -> None:
    rows = [
        (who, *("-" if s[k] is None else f"{s[k]:.3f}" for k in ("score", "before", "after"))) for who, s in calibration.subjects.items()
    ]
    typer.echo(table(rows, ("subject", "factor it needs", "covered before", "after, by the others")))
    typer.echo(f"\nmean -+ {calibration.factor:.3f} std: {calibration.promise}.\n{out}")
