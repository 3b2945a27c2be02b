"""`mridiff check`: does a plugin keep the laws of its kind?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mridiff.cli.common import Json, print_json, registry, table
from mridiff.errors import NotFound
from mridiff.plugins.entry import Entry
from mridiff.spec import SamplerSpec


def check(
    name: Annotated[str, typer.Argument(help="Plugins, or components by short or full name, by commas; --posterior: all, if none.")] = "",
    only: Annotated[str, typer.Option("-k", metavar="TEXT", help="Only checks whose name or case holds this text.")] = "",
    examples: Annotated[int, typer.Option(min=0, help="Drawn shapes beside the fixed ones, for operators.")] = 3,
    posterior: Annotated[bool, typer.Option("--posterior", help="Instead: a sampler's error against its cost, in closed form.")] = False,
    draws: Annotated[int, typer.Option(min=19, help="Draws of --posterior for each number of steps.")] = 400,
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

        _posterior([e for e in installed.entries("sampler") if has_curve(e)], draws, out, as_json)
        return
    entries = [entry for part in name.split(",") for entry in find(part, installed)]
    if posterior:
        _posterior(entries, draws, out, as_json)
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


def _posterior(entries: list[Entry], draws: int, out: Path | None, as_json: bool) -> None:
    from ..testing.posterior import accuracy, markdown, plot, report

    samplers = [e for e in entries if isinstance(e.spec, SamplerSpec) and e.spec.priors]
    if not samplers:
        raise NotFound(f"none of {', '.join(e.qualified for e in entries)} is a sampler with a prior")
    rows = [row for entry in samplers for row in accuracy(entry, draws=draws)]
    if as_json:
        print_json([row.as_dict() for row in rows])
    else:
        typer.echo(markdown(rows))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "posterior.md").write_text(report(rows))
        plot(rows, out / "posterior.png")
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
