"""`mridiff doctor`: is the installation sound?"""

from __future__ import annotations

import os
import platform
import sys
from typing import Any

import typer

from ..errors import PluginError, said
from ..plugins.importing import imported
from .common import Json, print_json, registry

WATCHED = ("mridiff", "mridiff-sdk", "torch", "numpy", "pydantic", "pluggy", "h5py", "safetensors", "PyYAML", "typer", "rich")


def doctor(as_json: Json = False) -> None:
    """Report the environment, and every plugin, command and service that loaded, failed, was blocked or clashes; code 3 if any failed."""
    found = registry()
    failures, usable = [*found.failures], {entry.source for entry in found.entries()}
    for source in found.extensions:
        try:
            imported(source, source.module)
            usable.add(source)
        except PluginError as error:
            failures.append(error)
    data: dict[str, Any] = {
        "python": platform.python_version(), "platform": platform.platform(), "executable": sys.executable, "cpus": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", "as many as cores"), "versions": {name: _version(name) for name in WATCHED},
        "loaded": [{s.noun: s.plugin, "distribution": s.distribution, "version": s.version} for s in sorted(usable)],
        "failed": [e.as_dict() for e in failures],
        "blocked": [{b.source.noun: b.source.plugin, "distribution": b.source.distribution, "rule": b.rule} for b in found.blocked],
        "conflicts": [{"kind": k, "name": n, "providers": [e.qualified for e in es]} for (k, n), es in found.conflicts.items()],
    }  # fmt: skip
    if as_json:
        print_json(data)
    else:
        _tell(data)
    if failures:
        raise SystemExit(3)


def _version(name: str) -> str:
    from importlib_metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
    except Exception as error:  # damaged metadata
        return said(error)


def _tell(data: dict[str, Any]) -> None:
    typer.echo(f"Python {data['python']} on {data['platform']}, {data['cpus']} CPUs, threads: {data['threads']}")
    for group, mark, colour in (("loaded", "ok", "green"), ("failed", "FAILED", "red"), ("blocked", "blocked", "yellow"), ("conflicts", "CLASH", "yellow")):  # fmt: skip  # noqa: E501
        for item in data[group]:
            text = "\n        ".join(filter(None, (item["message"], item["hint"]))) if group == "failed" else ", ".join(f"{k} {v}" for k, v in item.items())  # fmt: skip  # noqa: E501
            typer.secho(f"{mark:8}", fg=colour, nl=False)
            typer.echo(text)
    typer.echo("  ".join(f"{k} {v}" for k, v in data["versions"].items()))
