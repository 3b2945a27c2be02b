"""`mridiff show`: what a component is, offers, needs, and which options it has."""

from __future__ import annotations

from typing import Annotated

import typer

from mridiff.cli.common import Json, print_json, registry, table
from mridiff.cli.listing import plain
from mridiff.plugins.entry import Entry


def show(
    name: Annotated[str, typer.Argument(help="Short or full name of a method or component.")],
    as_json: Json = False,
) -> None:
    """Show a component: what it is, what it offers and needs, its options with bounds; a method's recipe."""
    found = registry()
    entries = [e for e in found.entries() if name in {e.spec.name, e.qualified}]
    if not entries:
        found.find("recipe", name)
    if as_json:
        print_json([{**plain(e, found), **_details(e)} for e in entries])
        return
    for entry in entries:
        _tell(entry)


def _details(entry: Entry) -> dict[str, object]:
    if entry.spec.kind == "recipe":
        return {"recipe": entry.path().read_text()}
    from mridiff.pipeline.plan import option_rows

    return {"options": option_rows(entry)}


def _tell(entry: Entry) -> None:
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
        return
    from mridiff.pipeline.plan import option_rows

    rows = [[r["name"], r["type"], r["bounds"], str(r["default"]), r["description"]] for r in option_rows(entry)]
    typer.echo("\n" + (table(rows, ("option", "type", "bounds", "default", "what it is")) or "  no options") + "\n")
