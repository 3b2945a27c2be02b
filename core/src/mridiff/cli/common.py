"""What several commands share: options, the registry, tables, how an error is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import ConfigError, MridiffError, Problem
from ..plugins.registry import Registry

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Block = Annotated[list[str] | None, typer.Option("-p", help="Leave a plugin out: -p no:NAME.", metavar="no:NAME")]
Out = Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")]
Acceleration = Annotated[float | None, typer.Option("-R", "--acceleration", help="Undersample fully sampled data by this factor.")]
Seed = Annotated[int | None, typer.Option(help="Random seed; 0 is a seed.")]
Samples = Annotated[int | None, typer.Option("--samples", min=1, help="Posterior samples per scan.")]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change an entry, as sampler.options.steps=20.")]
Reader = Annotated[str | None, typer.Option("--dataset", help="Dataset that reads INPUT; found by its content if not given.")]


def registry(block: Sequence[str] | None = None) -> Registry:
    """Everything installed but the plugins given as `no:NAME`."""
    names = [b.removeprefix("no:") for b in block or () if b.startswith("no:")]
    if len(names) != len(block or ()):
        raise ConfigError([Problem("-p", f"expected no:NAME, got {', '.join(block or ())}")])
    return Registry.discover(block=names)


def report(error: MridiffError) -> None:
    """Print an error for a person, or as JSON where the command was asked for JSON."""
    if "--json" in sys.argv:
        typer.echo(json.dumps({"error": error.as_dict()}, indent=2, default=str))
    else:
        typer.secho(f"error {error.code}: {error.message}", fg="red", err=True)
        if error.hint:
            typer.echo(f"  {error.hint}", err=True)


def print_json(data: Any) -> None:
    """Plain data as JSON."""
    typer.echo(json.dumps(data, indent=2, default=str))


def table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> str:
    """Aligned columns under a header; empty text without rows."""
    if not rows:
        return ""
    widths = [max(len(str(r[i])) for r in (header, *rows)) for i in range(len(header))]
    lines = ["  ".join(str(c).ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in (header, *rows)]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def changes(pairs: Sequence[str] | None, **direct: Any) -> dict[str, Any]:
    """Nested changes from KEY=VALUE texts (values read as YAML) and from options that were given."""
    from ..io.yaml import parse_yaml

    nested: dict[str, Any] = {k: v for k, v in direct.items() if v is not None}
    problems = []
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            problems.append(Problem("--set", f"expected KEY=VALUE, got {pair!r}"))
            continue
        node = nested
        *path, last = key.split(".")
        for name in path:
            node = node.setdefault(name, {})
        node[last] = parse_yaml(value, "--set").data
    if problems:
        raise ConfigError(problems)
    return nested


def source_node(path: Path | None, found: Registry, reader: str | None, acceleration: float | None) -> dict[str, Any]:
    """The dataset entry of a configuration for the file or folder given on the command line."""
    from ..pipeline.source import dataset_for

    options: dict[str, Any] = {} if acceleration is None else {"acceleration": acceleration}
    if path is None:
        return {"options": options} if options else {}
    return {"use": dataset_for(path, found, reader).qualified, "options": {"path": str(path), **options}}


def metric_cells(metrics: Mapping[str, float], cost: Mapping[str, float]) -> list[str]:
    """PSNR, SSIM, NMSE, the first two also inside the head, NFE, operator calls and seconds as table cells."""
    shown = ("psnr", ".2f"), ("ssim", ".3f"), ("nmse", ".4f"), ("psnr_head", ".2f"), ("ssim_head", ".3f")
    numbers = [f"{metrics[m]:{f}}" if m in metrics else "-" for m, f in shown]
    return [*numbers, str(int(cost["nfe"])), str(int(cost["operator_calls"])), f"{cost['seconds']:.1f}"]


METRIC_HEADER = ("PSNR dB", "SSIM", "NMSE", "PSNR head", "SSIM head", "NFE", "A", "s")
