"""`mridiff recon`: reconstruct a scan, or every scan of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .common import Acceleration, Changes, Device, Json, Out, Reader, Samples, Seed, changes, onto_input, print_json, registry, scores, tell


def recon(
    method: Annotated[str, typer.Argument(help="A method's name or a YAML file.")],
    path: Annotated[Path | None, typer.Argument(metavar="[INPUT]", help="A file or a folder; the method's own scan if not given.")] = None,
    out: Out = Path("out"),
    acceleration: Acceleration = None,
    samples: Samples = None,
    until: Annotated[float | None, typer.Option(help="Draw until the standard error of the mean is this part of it, as 0.01.")] = None,
    seed: Seed = None,
    sets: Changes = None,
    reader: Reader = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Reconstruct: writes pictures, HDF5, NIfTI where the geometry is known, and a record."""
    from ..errors import MridiffError
    from ..pipeline.method import Method, load_dataset
    from ..pipeline.plan import plan
    from ..pipeline.run import Outcome, run
    from .ending import report
    from .progress import progress

    found = registry()
    wanted = changes(sets, seed=seed, samples=samples, until=until, device=device)
    made = Method(plan(method, found, onto_input(wanted, path, reader, acceleration, found)))
    dataset = load_dataset(made.plan)
    outcomes: list[Outcome] = []
    with progress() as bar:
        outcomes.extend(run(made, dataset, out, bar(method, len(dataset))))
    errors: list[MridiffError] = [o.error for o in outcomes if o.error is not None]
    if as_json and not errors:
        print_json([o.record for o in outcomes])
    elif not as_json:
        _tell(outcomes, out)
    for error in {str(e): e for e in errors}.values():
        report(error)
    if errors:
        raise SystemExit(max(e.exit_code for e in errors))


def _tell(outcomes: list[Any], out: Path) -> None:
    from ..pipeline.run import folder_name

    records = [o.record for o in outcomes if o.record is not None]
    if records:
        typer.echo(scores("scan", [(r["id"], r["metrics"].get("x", {}), r["cost"]) for r in records]))
    for outcome in outcomes:
        if outcome.again:
            typer.echo(f"{outcome.scan} was there and was made again: {outcome.again}.")
    tell(records)
    kept = sum(o.kept for o in outcomes)
    if kept:
        typer.echo(f"{kept} of {len(outcomes)} were there already and were kept.")
    pictures = (out / folder_name(r["id"]) / "overview.png" for r in records[:3])
    for name in (out / "index.html", *sorted(out.glob("*.nii.gz"))[:3], *pictures):
        if name.exists():
            typer.echo(f"open {name}")
