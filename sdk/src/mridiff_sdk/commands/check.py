"""`mridiff check`: does a plugin keep the laws of its kind?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mridiff.cli.common import Json, print_json, registry, table
from mridiff.errors import ConfigError, Mistake, NotFound
from mridiff.plugins.entry import Entry
from mridiff.spec import SamplerSpec

if TYPE_CHECKING:
    from ..testing.posterior import Accuracy


def check(
    name: Annotated[str, typer.Argument(help="Plugins, or components by short or full name, by commas; --posterior: all, if none.")] = "",
    only: Annotated[str, typer.Option("-k", metavar="TEXT", help="Only checks whose name or case holds this text.")] = "",
    examples: Annotated[int, typer.Option(min=0, help="Drawn shapes beside the fixed ones, for operators.")] = 3,
    posterior: Annotated[bool, typer.Option("--posterior", help="Instead: a sampler's error against its cost, in closed form.")] = False,
    draws: Annotated[int, typer.Option(min=19, help="Draws of --posterior for each number of steps.")] = 400,
    steps: Annotated[str, typer.Option(metavar="N,N", help="Numbers of steps of --posterior.")] = "5,10,20,50,100",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for the table and the plot of --posterior.")] = None,
    as_json: Json = False,
) -> None:
    """Check plugins or components against the laws of their kind; exit code 3 if one is broken."""
    from ..testing.automatic import cases_for
    from ..testing.run import examine
    from ..testing.subjects import find

    installed = registry()
    if posterior and not name:
        from ..testing.posterior import has_curve

        _posterior([e for e in installed.entries("sampler") if has_curve(e)], _numbers(steps), draws, out, as_json)
        return
    entries = [entry for part in name.split(",") for entry in find(part, installed)]
    if posterior:
        _posterior(entries, _numbers(steps), draws, out, as_json)
        return
    rows: list[dict[str, Any]] = []
    for entry in entries:
        cases = cases_for(entry, examples=examples)
        rows += [{"component": entry.qualified, "kind": entry.spec.kind, **o.as_dict()} for o in examine(cases, only)]
        if len(cases) == 1:
            rows.append({"component": entry.qualified, "kind": entry.spec.kind, "check": "", "case": "", "seconds": 0.0,
                         "status": "no case", "message": "its declaration alone makes no case; its own tests bring them"})  # fmt: skip
    failed = [r for r in rows if r["status"] == "failed"]
    if as_json:
        print_json({"passed": not failed, "outcomes": rows})
    else:
        _tell(rows)
    if failed:
        raise SystemExit(3)


def _numbers(steps: str) -> list[int]:
    """Numbers of steps, as a command line names them; raises ConfigError for anything else."""
    parts = [part.strip() for part in steps.split(",")]
    wrong = [Mistake("--steps", f"{part!r} is no number of steps; it takes numbers from 2 on, as in 10,20") for part in parts
             if not part.isdecimal() or int(part) < 2]  # fmt: skip
    if wrong:
        raise ConfigError(wrong)
    return [int(part) for part in parts]


def _posterior(entries: list[Entry], steps: list[int], draws: int, out: Path | None, as_json: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from ..testing.posterior import accuracy, lines, markdown, plot, report

    samplers = [e for e in entries if isinstance(e.spec, SamplerSpec) and e.spec.priors]
    if not samplers:
        raise NotFound(f"none of {', '.join(e.qualified for e in entries)} is a sampler with a prior")
    rows: list[Accuracy] = []
    columns = BarColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), TextColumn("{task.description}", markup=False)
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task("", total=sum(lines(entry, steps) for entry in samplers))
        try:
            for entry in samplers:
                bars.update(task, description=entry.qualified)
                for row in accuracy(entry, steps, draws):
                    rows.append(row)
                    bars.advance(task)
        finally:  # who stops it has what was drawn until then
            if out is not None and rows:
                out.mkdir(parents=True, exist_ok=True)
                (out / "posterior.md").write_text(report(rows, draws))
                plot(rows, out / "posterior.png")
    if as_json:
        print_json([row.as_dict() for row in rows])
    else:
        typer.echo(markdown(rows))
    if out is not None:
        typer.echo(f"open {out / 'posterior.md'}", err=True)


def _tell(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if row["status"] in {"failed", "no case"}:
            colour = "red" if row["check"] else "yellow"
            typer.secho(f"{row['status'].upper()}  {row['component']}  {row['check']}  [{row['case']}]", fg=colour)
            typer.echo(f"    {row['message']}")
    components = list(dict.fromkeys(r["component"] for r in rows))
    states = ("passed", "failed", "excused")
    counts = [[c, *(str(sum(r["component"] == c and r["status"] == s for r in rows)) for s in states),
               f"{sum(float(r['seconds']) for r in rows if r['component'] == c):.1f}"] for c in components]  # fmt: skip
    typer.echo(table(counts, ("component", *states, "s")))
