"""`mridiff doctor`: is the installation sound?"""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

import typer

from .common import Block, Json, print_json, registry

WATCHED = ("mridiff", "mridiff-sdk", "torch", "numpy", "pydantic", "pluggy", "h5py", "safetensors", "PyYAML", "typer", "rich")


def doctor(block: Block = None, as_json: Json = False) -> None:
    """Report the environment, and every plugin that loaded, failed, was blocked or clashes; exit code 3 if any failed."""
    from importlib_metadata import PackageNotFoundError, version

    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "not installed"

    found = registry(block)
    versions = {name: installed(name) for name in WATCHED}
    loaded = sorted({(e.plugin, e.distribution, e.version) for e in found.entries()})
    data: dict[str, Any] = {
        "python": platform.python_version(), "platform": platform.platform(), "executable": sys.executable, "cpus": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", "as many as cores"), "versions": versions,
        "loaded": [{"plugin": p, "distribution": d, "version": v} for p, d, v in loaded],
        "failed": [e.as_dict() for e in found.failures],
        "blocked": [{"plugin": b.source.plugin, "distribution": b.source.distribution, "rule": b.rule} for b in found.blocked],
        "conflicts": [{"kind": k, "name": n, "providers": [e.qualified for e in es]} for (k, n), es in found.conflicts.items()],
    }  # fmt: skip
    if as_json:
        print_json(data)
    else:
        _tell(data)
    if found.failures:
        raise SystemExit(3)


def _tell(data: dict[str, Any]) -> None:
    typer.echo(f"Python {data['python']} on {data['platform']}, {data['cpus']} CPUs, threads: {data['threads']}")
    for group, mark, colour in (("loaded", "ok", "green"), ("failed", "FAILED", "red"), ("blocked", "blocked", "yellow"), ("conflicts", "CLASH", "yellow")):  # fmt: skip  # noqa: E501
        for item in data[group]:
            text = item.get("message") or ", ".join(f"{k} {v}" for k, v in item.items())
            typer.secho(f"{mark:8}", fg=colour, nl=False)
            typer.echo(f"{item['plugin']} ({item['distribution']} {item['version']}): {text}" if group == "failed" else text)
    typer.echo("  ".join(f"{k} {v}" for k, v in data["versions"].items()))
