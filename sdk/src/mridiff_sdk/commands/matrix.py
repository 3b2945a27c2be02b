"""`mridiff matrix`: which samplers run with which operators and priors, computed from what they declare."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from mridiff.cli.common import Json, print_json, registry, table
from mridiff.pipeline.compatibility import Choice, mismatches
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry
from mridiff.spec import SamplerSpec


def combinations(found: Registry) -> Iterator[tuple[Entry, Entry | None, dict[str, list[Entry]]]]:
    """Every sampler and operator that run together, with the priors that fit each of the sampler's slots."""
    for sampler in found.entries("sampler"):
        assert isinstance(sampler.spec, SamplerSpec)
        slots = list(sampler.spec.priors)
        for operator in (*found.entries("operator"), None):
            if not _has_data(sampler, operator, found):
                continue
            fits = {slot: [p for p in found.entries("prior") if _fits(sampler, operator, slot, p, found)] for slot in slots}
            alone = not slots and not mismatches(Choice(sampler, {}, operator), found)
            if alone or (slots and all(fits.values())):
                yield sampler, operator, fits


def _has_data(sampler: Entry, operator: Entry | None, found: Registry) -> bool:
    """Whether one of the installed datasets, if there are any, has what both want: a least-squares sampler has no use for counts."""
    demands = [e.spec.needs["dataset"] for e in (sampler, operator) if e and "dataset" in e.spec.needs]
    datasets = found.entries("dataset")
    return not datasets or any(all(not d.missing(e.spec.offers) for d in demands) for e in datasets)


def _fits(sampler: Entry, operator: Entry | None, slot: str, prior: Entry, found: Registry) -> bool:
    reasons = mismatches(Choice(sampler, {slot: prior}, operator), found)
    return all(m.provider == "(none)" and m.slot.startswith("priors.") for m in reasons)  # the other slots are judged on their own


def matrix(
    as_json: Json = False,
    run: Annotated[bool, typer.Option("--run", help="Run them all for a few steps on tiny scans; exit code 1 if one fails.")] = False,
    only: Annotated[str, typer.Option(metavar="NAMES", help="Only what has all of these components, as 'dpir sense'.")] = "",
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the page and the table of --run.")] = Path("matrix"),
) -> None:
    """Show what runs with what, by what it declares or by running it."""
    if run:
        _run(registry(), only, out, as_json)
        return
    rows = []
    plain = []
    for sampler, operator, fits in combinations(registry()):
        name = operator.spec.name if operator else "(none)"
        priors = "; ".join(f"{slot}: {', '.join(p.spec.name for p in found)}" for slot, found in fits.items()) or "(none)"
        rows.append([sampler.spec.name, name, priors])
        plain.append({"sampler": sampler.qualified, "operator": operator.qualified if operator else None,
                      "priors": {slot: [p.qualified for p in found] for slot, found in fits.items()}})  # fmt: skip
    if as_json:
        print_json(plain)
    else:
        typer.echo(table(rows, ("sampler", "operator", "priors")) or "no sampler is installed")


def _run(found: Registry, only: str, out: Path, as_json: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from ..plots.triples import markdown, write_triples
    from ..testing.triples import Runs, triples

    chosen, rows = triples(combinations(found), only), list[dict[str, Any]]()
    columns = BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()
    shown = Progress(*columns, TextColumn("{task.description}", markup=False), console=Console(stderr=True))
    with TemporaryDirectory() as folder, shown as bars:
        runs, task = Runs(found, Path(folder)), bars.add_task("", total=len(chosen))
        try:
            for triple in chosen:
                bars.update(task, description=" / ".join(triple.names))
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    rows.append(runs(triple).as_dict())
                bars.advance(task)
        finally:  # who stops it has what ran until then
            out.mkdir(parents=True, exist_ok=True)
            write_triples(out / "index.html", rows)
            (out / "matrix.md").write_text(markdown(rows))
    failed = [r for r in rows if r["state"] == "failed"]
    if as_json:
        print_json(rows)
    else:
        lines = [[r["sampler"], r["operator"], r["prior"], r["message"]] for r in failed]
        typer.echo(table(lines, ("sampler", "operator", "prior", "failed")), nl=bool(lines))
        states = ", ".join(f"{sum(r['state'] == state for r in rows)} {state}" for state in ("ran", "refused", "failed"))
        typer.echo(f"{len(rows)} combinations: {states}\nopen {out / 'index.html'}")
    if failed:
        raise SystemExit(1)
