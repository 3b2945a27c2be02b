"""Comparison: methods by name or from files on one input, as the study that the engine of `mridiff measure` makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from mridiff.errors import ConfigError, DataError, Mistake, MridiffError, boundary
from mridiff.interfaces import Dataset, Scan
from mridiff.pipeline.folder import folder_name
from mridiff.pipeline.plan import plan
from mridiff.plugins.registry import Registry

from .study import Study
from .study.bench import Bench

__all__ = ["comparison", "prepared"]


def comparison(
    names: Sequence[str], registry: Registry, changes: Mapping[str, Any], against: Sequence[str] = (), command: str = ""
) -> Study:
    """The study of these methods on the dataset in `changes`, or else of the first; raises what is wrong with all of them.

    Each row is a method as it was resolved, with every default; `against` are rows that the others are paired with. A YAML file goes by its
    own name. Options that only some samplers know belong into such files.
    """
    labels = [Path(name).stem if name.endswith((".yaml", ".yml")) else name for name in names]
    if twice := sorted({label for label in labels if [folder_name(x) for x in labels].count(folder_name(label)) > 1}):
        raise ConfigError([Mistake("methods", f"{', '.join(twice)}: two of this name cannot be told apart")], hint="Rename a file.")
    plans = {label: plan(name, registry, changes).as_dict() for label, name in zip(labels, names, strict=True)}
    seeds = {label: found["seed"] for label, found in plans.items()}
    node = next((found.get("dataset") for found in plans.values()), None)
    if node is None:
        raise ConfigError([Mistake("dataset", "nothing to compare on")], hint="Give a file, or a method that has a scan of its own.")
    if len(set(seeds.values())) > 1:
        raise ConfigError([Mistake("seed", f"a comparison has one, these are {seeds}")], hint="Give --seed.")
    if unknown := [row for row in against if row not in plans]:
        raise ConfigError([Mistake("--against", f"{row!r} is not among {', '.join(plans)}") for row in unknown])
    rows = {label: {key: value for key, value in found.items() if key != "dataset"} for label, found in plans.items()}
    title = title_of(node)
    return Study(title=f"{', '.join(labels) if len(labels) < 6 else f'{len(labels)} methods'} on {title}", rows=rows, scans={title: node},
                 metrics=(), against=tuple(against), seeds=tuple(set(seeds.values())), command=command)  # fmt: skip


def title_of(node: Mapping[str, Any]) -> str:
    """What a dataset is called: the name of its file or folder, or its own, and its acceleration."""
    options = node.get("options", {})
    name = Path(options["path"]).name if options.get("path") else str(node["use"]).rpartition("/")[2]
    return f"{name}, R = {options['acceleration']:g}" if isinstance(options.get("acceleration"), int | float) else name


def prepared(bench: Bench) -> None:
    """Build every row and prepare it for the first scan that can be read; raises DataError that names all which do not fit it."""
    rows = {name: bench.ready(name).method for name in bench.study.rows}
    problems: list[str] = []
    for scan in islice(_readable(bench.scans(next(iter(bench.study.scans)))), 1):
        for name, method in rows.items():
            try:
                with boundary("it cannot be prepared"):
                    if method is not None:
                        method.prepare(scan)
            except MridiffError as error:
                problems.append(f"{name}: {error.message}")
    if problems:
        raise DataError("\n".join(problems), hint="Nothing was computed. Leave these methods out, or give data that all of them take.")


def _readable(dataset: Dataset) -> Iterator[Scan]:
    for i in range(len(dataset)):
        with suppress(MridiffError):  # each cell reports it
            yield dataset[i]
