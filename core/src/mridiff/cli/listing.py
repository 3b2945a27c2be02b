"""`mridiff list` and `mridiff show`: what is installed."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import NotFound
from ..plugins.entry import Entry
from ..plugins.registry import Registry
from ..spec import KINDS, RecipeSpec
from .common import Json, print_json, registry, table


def list_components(
    kind: Annotated[str | None, typer.Argument(help="methods, operators, priors, samplers or datasets; all if not given.")] = None,
    family: Annotated[str | None, typer.Option(help="Only methods of this model family.")] = None,
    application: Annotated[str | None, typer.Option(help="Only methods for this application.")] = None,
    domain: Annotated[str | None, typer.Option(help="Only methods in this domain.")] = None,
    as_json: Json = False,
) -> None:
    """List the installed methods and components."""
    found = registry()
    filters = {"family": family, "application": application, "domain": domain}
    wanted = _kinds(kind) if not any(filters.values()) else ["recipe"]
    chosen = {k: [e for e in found.entries(k) if _passes(e, filters)] for k in wanted}
    if as_json:
        print_json([_plain(e, found) for entries in chosen.values() for e in entries])
        return
    for k, entries in chosen.items():
        if k == "recipe":
            rows = [[_name(e, found), e.spec.family, e.spec.application, e.spec.domain, e.spec.summary] for e in entries if isinstance(e.spec, RecipeSpec)]  # fmt: skip  # noqa: E501
            header = ("method", "family", "application", "domain", "what it is")
        else:
            rows = [[_name(e, found), e.plugin, e.spec.summary] for e in entries]
            header = (k, "plugin", "what it is")  # type: ignore[assignment]
        if rows:
            typer.echo(table(rows, header) + "\n")
    if found.failures:
        typer.secho(f"{len(found.failures)} plugin(s) failed to load; `mridiff doctor` says why.", fg="yellow", err=True)


def _kinds(kind: str | None) -> list[str]:
    if kind is None:
        return ["recipe", *(k for k in KINDS if k != "recipe")]
    singular = {"methods": "recipe", "method": "recipe"}.get(kind, kind.removesuffix("s"))
    if singular not in KINDS:
        raise NotFound(f"there is no kind {kind!r}", hint="Kinds: methods, operators, priors, samplers, datasets.")
    return [singular]


def _passes(entry: Entry, filters: dict[str, str | None]) -> bool:
    return all(value is None or getattr(entry.spec, name, None) == value for name, value in filters.items())


def _name(entry: Entry, found: Registry) -> str:
    return f"{entry.qualified} (ambiguous)" if (entry.spec.kind, entry.spec.name) in found.conflicts else entry.spec.name


def _plain(entry: Entry, found: Registry) -> dict[str, object]:
    conflict = (entry.spec.kind, entry.spec.name) in found.conflicts
    extra = {}
    if isinstance(entry.spec, RecipeSpec):
        extra = {"family": entry.spec.family, "application": entry.spec.application, "domain": entry.spec.domain}
    return {**entry.spec.as_dict(), **extra, "qualified": entry.qualified, "distribution": entry.distribution, "version": entry.version,
            "location": str(entry.location), "ambiguous": conflict}  # fmt: skip


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
        print_json([{**_plain(e, found), **_details(e)} for e in entries])
        return
    for entry in entries:
        _tell(entry)


def _details(entry: Entry) -> dict[str, object]:
    if entry.spec.kind == "recipe":
        return {"recipe": entry.path().read_text()}
    from ..pipeline.plan import option_rows

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
    from ..pipeline.plan import option_rows

    rows = [[r["name"], r["type"], r["bounds"], str(r["default"]), r["description"]] for r in option_rows(entry)]
    typer.echo("\n" + (table(rows, ("option", "type", "bounds", "default", "what it is")) or "  no options") + "\n")
