"""`mridiff show`: what a component is, offers, needs, and which options it has; of a method, which files to bring."""

from __future__ import annotations

import inspect
import textwrap
from contextlib import suppress
from typing import Annotated

import typer

from mridiff.cli.common import Json, print_json, registry, table
from mridiff.cli.listing import plain
from mridiff.errors import MridiffError
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry
from mridiff.spec import DatasetSpec

WIDTH = 140


def show(
    name: Annotated[str, typer.Argument(help="Short or full name of a method or component.")],
    as_json: Json = False,
) -> None:
    """Show a component: what it is, what it offers and needs, its options with bounds; a method's recipe and the files to bring."""
    found = registry()
    entries = [e for e in found.entries() if name in {e.spec.name, e.qualified}]
    if not entries:
        found.find("recipe", name)
    if as_json:
        print_json([{**plain(e, found), **_details(e, found)} for e in entries])
        return
    for entry in entries:
        _tell(entry, found)


def _details(entry: Entry, found: Registry) -> dict[str, object]:
    if entry.spec.kind == "recipe":
        return {"recipe": entry.path().read_text(), "files": files(entry, found)}
    from mridiff.pipeline.plan import option_rows

    return {"options": option_rows(entry)}


def files(method: Entry, found: Registry) -> list[dict[str, str]]:
    """The datasets of files whose declarations fit a method: their names, the suffixes that they read, and what they are."""
    from mridiff.pipeline.config import parse
    from mridiff.pipeline.plan import choose

    rows = []
    for dataset in found.entries("dataset"):
        spec = dataset.spec
        with suppress(MridiffError):  # those that do not fit
            choose(*parse(method.qualified, found, {"dataset": {"use": dataset.qualified}}), found)
            if isinstance(spec, DatasetSpec) and spec.reads:
                rows.append({"dataset": spec.name, "reads": ", ".join(spec.reads), "summary": spec.summary})
    return rows


def _tell(entry: Entry, found: Registry) -> None:
    spec = entry.spec
    typer.secho(f"{spec.kind if spec.kind != 'recipe' else 'method'} {entry.qualified}  ({entry.distribution} {entry.version})", bold=True)
    typer.echo(f"  {spec.summary}")
    if spec.source:
        typer.echo(f"  after: {spec.source.title} ({spec.source.year}) {spec.source.doi}".rstrip())
    if spec.offers:
        typer.echo(f"  offers: {', '.join(sorted(spec.offers))}")
    for slot, demand in {**spec.needs, **getattr(spec, "priors", {})}.items():
        typer.echo(f"  needs of {slot}: {', '.join(demand.missing(frozenset())) or 'anything'}")
    if getattr(spec, "training", ""):
        typer.echo(f"  trained by: mridiff train {spec.name}")
    if spec.kind == "recipe":
        typer.echo("\n" + entry.path().read_text())
        _files(entry, found)
        return
    if spec.kind == "dataset":
        for part in (inspect.getdoc(entry.load()) or "").split("\n\n"):
            typer.echo("\n" + textwrap.fill(part, WIDTH, initial_indent="  ", subsequent_indent="  "))
    from mridiff.pipeline.plan import option_rows

    rows = [[r["name"], r["type"], r["bounds"], str(r["default"]), r["description"]] for r in option_rows(entry)]
    typer.echo("\n" + (table(rows, ("option", "type", "bounds", "default", "what it is")) or "  no options") + "\n")


def _files(method: Entry, found: Registry) -> None:
    """What to bring, with a command to copy."""
    rows = [[r["dataset"], r["reads"], r["summary"]] for r in files(method, found)]
    if not rows:
        return
    typer.echo(table(rows, ("your file", "", "what it is")) + "\n")
    typer.echo(f"mridiff recon {method.spec.name} FILE -o out    # --dataset NAME where FILE does not tell which of these it is")
    typer.echo(f"mridiff show {rows[0][0]}    # what such a file holds; mridiff inspect FILE says whether yours fits\n")
