"""`mridiff inspect`: what is in a file, what will be used, what is left out and why, and which methods fit, before anyone waits."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mridiff.cli.common import Json, Reader, changes, print_json, registry

if TYPE_CHECKING:
    from mridiff.interfaces import Contents

WIDTH = 14


def inspect(
    path: Annotated[Path, typer.Argument(metavar="INPUT", help="A file or a folder.")],
    reader: Reader = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Read it otherwise, as dataset.options.series=frames.")
    ] = None,
    why: Annotated[bool, typer.Option("--why", help="Say of each method that does not fit why.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a file holds, what will be used of it, what is left out, and which methods fit; no scan is read."""
    from mridiff import open_scans
    from mridiff.pipeline.source import dataset_for

    from ..fits import fits, fits_with

    found = registry()
    dataset = dataset_for(path, found, reader)
    told = open_scans(path, found, dataset.qualified, **_options(changes(set_))).contents()
    known: dict[str, tuple[dict[str, str], dict[str, list[str]]]] = {}
    rows = []
    for contents in told:
        if not as_json:
            _tell(contents.source, _held(contents))
        kind = str(contents.measured)
        if contents.scans and kind not in known:
            methods = fits(contents, dataset, found)
            most = 2 * sum(not reason for reason in methods.values()) >= len(methods)
            known[kind] = methods, {} if most else _others(fits_with(contents, dataset, found), methods)
        methods, others = known.get(kind, ({}, {})) if contents.scans else ({}, {})
        good = [m for m, reason in methods.items() if not reason]
        bad = {m: reason for m, reason in methods.items() if reason}
        never = [m for m in bad if not any(m in names for names in others.values())]
        rows.append({**asdict(contents), "fits": good, "fits_with": others, "does_not_fit": bad})
        if not as_json and methods:
            _tell("", [("fits", ", ".join(good) or f"no installed method{' as it is' if others else ''}"),
                       *((f"with --set operator.use={name}", ", ".join(names)) for name, names in others.items()),
                       *(bad.items() if why else [("does not fit", ", ".join(never))])])  # fmt: skip
    if as_json:
        print_json(rows)


def _others(found: dict[str, list[str]], methods: dict[str, str]) -> dict[str, list[str]]:
    """Of the methods that fit with another operator those that do not with their own."""
    left = {name: [m for m in names if methods[m]] for name, names in found.items()}
    return {name: names for name, names in left.items() if names}


def _options(wanted: dict[str, Any]) -> dict[str, Any]:
    """Options of the dataset; raises ConfigError where anything else is to be set."""
    from mridiff.errors import ConfigError, Mistake

    dataset = wanted.pop("dataset", {"options": {}})
    known = isinstance(dataset, dict) and dataset.keys() == {"options"} and isinstance(dataset["options"], dict)
    others = [*wanted, *([] if known else ["dataset"])]
    if others:
        raise ConfigError([Mistake("--set", f"{name}: only dataset.options.NAME=VALUE says how a file is read") for name in others])
    options: dict[str, Any] = dataset["options"]
    return options


def _held(contents: Contents) -> list[tuple[str, str]]:
    """Subjects and words of one file."""
    rows = list(contents.holds.items())
    if contents.scans:
        from ..fits import blocks

        main = blocks(contents) or list(contents.measured)
        told = " and ".join(f"{n} ({', '.join(axes)}) = {tuple(axes.values())}" for n, axes in contents.measured.items() if n in main)
        parts = ", ".join(n for n in contents.measured if n not in main)
        rows.append(("used", f"{contents.scans} scan(s) of {told}" + (f", with {parts}" if parts else "")))
    return [*rows, *(("left out", reason) for reason in contents.left_out)]


def _tell(source: str, rows: list[tuple[str, str]]) -> None:
    if source:
        typer.secho(source, bold=True)
    width = max([WIDTH, *(len(subject) + 2 for subject, _ in rows)])
    for subject, words in rows:
        typer.echo(f"  {subject:{width}}" + words.replace("\n", "\n" + " " * (width + 2)))
