"""What several commands share: options, the registry, tables, how an error is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import ConfigError, Mistake
from ..plugins.registry import Registry

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")]
Acceleration = Annotated[float | None, typer.Option("-R", "--acceleration", help="Undersample fully sampled data by this factor.")]
Seed = Annotated[int | None, typer.Option(help="Random seed; 0 is a seed.")]
Samples = Annotated[int | None, typer.Option("--samples", min=1, help="Posterior samples per scan; with --until, the most.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1 ...")]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change an entry, as sampler.options.steps=20.")]
Reader = Annotated[str | None, typer.Option("--dataset", help="Dataset that reads INPUT; found by its content if not given.")]


def registry() -> Registry:
    """Everything installed that the user lets in."""
    return Registry.discover()


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
    mistakes: list[Mistake] = []
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        *path, last = key.split(".")
        if not equals or not all((*path, last)):
            mistakes.append(Mistake("--set", f"expected KEY=VALUE, got {pair!r}"))
            continue
        node: Any = nested
        for name in path:
            node = node.setdefault(name, {}) if isinstance(node, dict) else None
        if not isinstance(node, dict):
            mistakes.append(Mistake("--set", f"{key} cannot be set: another --set or option gives {'.'.join(path)} a value of its own"))
            continue
        try:
            node[last] = parse_yaml(value, f"--set {key}").data
        except ConfigError as error:
            mistakes += error.mistakes
    if mistakes:
        raise ConfigError(mistakes)
    return nested


def onto_input(wanted: dict[str, Any], path: Path | None, reader: str | None, R: float | None, found: Registry) -> dict[str, Any]:
    """The changes with the dataset for the file or folder given on the command line; what `--set dataset...` says comes on top."""
    from ..pipeline.config import merged
    from ..pipeline.source import dataset_for

    node: dict[str, Any] = {"options": {} if R is None else {"acceleration": R}}
    given = wanted.get("dataset")
    mine = given if isinstance(given, dict) else {}
    if path is not None:
        node["options"]["path"] = str(path)
        node["use"] = dataset_for(path, found, reader or mine.get("use")).qualified
    if "use" in node and "use" in mine:
        wanted = {**wanted, "dataset": {**mine, "use": node["use"]}}
    return merged({"dataset": node}, wanted) if node["options"] else wanted


def tell(scans: Sequence[Mapping[str, Any]]) -> None:
    """What readers noted of scans (their records), each sentence once, on the error stream."""
    for note in dict.fromkeys(note for scan in scans for note in scan["notes"]):
        typer.echo(f"note: {note}", err=True)


def scores(what: str, rows: Sequence[tuple[str, Mapping[str, float], Mapping[str, float]]]) -> str:
    """A table of (name, metrics, cost): PSNR, SSIM, NMSE, the first two also inside the head, NFE, operator calls and seconds."""
    shown = ("psnr", ".2f"), ("ssim", ".3f"), ("nmse", ".4f"), ("psnr_head", ".2f"), ("ssim_head", ".3f")
    cells = [[name, *(f"{metrics[m]:{f}}" if m in metrics else "-" for m, f in shown), str(int(cost["nfe"])),
              str(int(cost["operator_calls"])), f"{cost['seconds']:.1f}"] for name, metrics, cost in rows]  # fmt: skip
    return table(cells, (what, "PSNR dB", "SSIM", "NMSE", "PSNR head", "SSIM head", "NFE", "A", "s"))
