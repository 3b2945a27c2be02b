"""`mridiff list`: what is installed."""

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
        print_json([plain(e, found) for entries in chosen.values() for e in entries])
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


def plain(entry: Entry, found: Registry) -> dict[str, object]:
    """A declaration with its provider, as plain data."""
    conflict = (entry.spec.kind, entry.spec.name) in found.conflicts
    extra = {}
    if isinstance(entry.spec, RecipeSpec):
        extra = {"family": entry.spec.family, "application": entry.spec.application, "domain": entry.spec.domain}
    return {**entry.spec.as_dict(), **extra, "qualified": entry.qualified, "distribution": entry.distribution, "version": entry.version,
            "location": entry.source.location, "ambiguous": conflict}  # fmt: skip
