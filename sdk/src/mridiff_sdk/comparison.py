"""Comparison: several methods on the same scans, with the same data, scores and costs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from mridiff.errors import ConfigError, DataError, Mistake, MridiffError, boundary
from mridiff.interfaces import Dataset, Scan
from mridiff.pipeline.method import Method, Watch, load_dataset
from mridiff.pipeline.plan import plan
from mridiff.pipeline.record import describe, now, write_json
from mridiff.pipeline.run import Outcome, folder_name, run
from mridiff.pipeline.services import service
from mridiff.plugins.registry import Registry

from .io.hdf5 import open_hdf5
from .study.scans import Latest

__all__ = ["Comparison", "compare"]

Bars = Callable[[str, int], Watch]
"""Starts a progress bar: of a label and a number of scans makes the function that is called after every step."""


def compare(names: Sequence[str], registry: Registry, changes: Mapping[str, Any], out: Path, bars: Bars | None = None,
            failed: list[MridiffError] | None = None) -> dict[str, Any]:  # fmt: skip
    """Run every method on every scan of the dataset in `changes`; returns the record.

    `out` holds a folder per method, as `recon` leaves it, and after every scan a picture of it, the page and the record of all so far:
    who stops it loses at most one reconstruction, and the same call goes on. A method that fails on a scan is noted in the record (and in
    `failed`), the others go on. Options that only some samplers know belong into YAML files.

    All methods are resolved, and prepared for the first scan, before anything is computed; raises what then is wrong with all of them.
    """
    methods = _methods(names, registry, changes)
    dataset = Latest(load_dataset(next(iter(methods.values())).plan))
    _prepare(methods, dataset)
    if (out / "run.json").exists():
        raise ConfigError([Mistake("", "this folder holds the results of one method", str(out))], hint="Choose another folder with -o.")
    found = Comparison(methods, out)
    with ExitStack() as stack:
        runs = {name: stack.enter_context(closing(_run(name, method, dataset, out, bars))) for name, method in methods.items()}
        for i in range(len(dataset)):
            outcomes = {name: next(outcome) for name, outcome in runs.items()}
            found.add(outcomes, dataset, i)
            if failed is not None:
                failed += [o.error for o in outcomes.values() if o.error is not None]
        for rest in runs.values():
            list(rest)
    return found.record


def _methods(names: Sequence[str], registry: Registry, changes: Mapping[str, Any]) -> dict[str, Method]:
    """The methods by what they are called in tables and folders; YAML files go by their own names."""
    labels = [Path(name).stem if name.endswith((".yaml", ".yml")) else name for name in names]
    if twice := sorted({label for label in labels if [folder_name(x) for x in labels].count(folder_name(label)) > 1}):
        raise ConfigError([Mistake("methods", f"{', '.join(twice)}: two of this name cannot be told apart")], hint="Rename a file.")
    methods = {label: Method(plan(name, registry, changes)) for label, name in zip(labels, names, strict=True)}
    if not methods or next(iter(methods.values())).plan.choice.dataset is None:
        raise ConfigError([Mistake("dataset", "nothing to compare on")], hint="Give a file, or a method that has a scan of its own.")
    return methods


def _prepare(methods: Mapping[str, Method], dataset: Dataset) -> None:
    """Raise DataError that names every method which does not fit the first scan that can be read."""
    problems: list[str] = []
    for scan in islice(_readable(dataset), 1):
        for name, method in methods.items():
            try:
                with boundary("it cannot be prepared"):
                    method.prepare(scan)
            except MridiffError as error:
                problems.append(f"{name}: {error.message}")
    if problems:
        raise DataError("\n".join(problems), hint="Nothing was computed. Leave these methods out, or give data that all of them take.")


def _readable(dataset: Dataset) -> Iterator[Scan]:
    for i in range(len(dataset)):
        with suppress(MridiffError):  # the runs report it, each for itself
            yield dataset[i]


def _run(name: str, method: Method, dataset: Dataset, out: Path, bars: Bars | None) -> Generator[Outcome]:
    yield from run(method, dataset, out / folder_name(name), None if bars is None else bars(name, len(dataset)))


@dataclass
class Comparison:
    """What was found so far, written anew after every scan."""

    methods: Mapping[str, Method]
    out: Path
    scans: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pictures: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        heads = {name: describe(method) for name, method in self.methods.items()}
        first = next(iter(heads.values()))
        self.head = {"title": "Comparison", "seed": first["config"]["seed"], "device": first["device"],
                     "config": {name: head["config"] for name, head in heads.items()}, "versions": first["versions"],
                     "services": first["services"]}  # fmt: skip

    @property
    def record(self) -> dict[str, Any]:
        """All of it as plain data."""
        found = {name: [scan["methods"][name] for scan in self.scans if name in scan["methods"]] for name in self.methods}
        mean = {name: _mean(of_method) for name, of_method in found.items() if of_method}
        return {**self.head, "created": now(), "scans": self.scans, "mean": mean, "failed": self.failed, "notes": self.notes}

    def add(self, outcomes: Mapping[str, Outcome], dataset: Dataset, index: int) -> None:
        """Take in what became of a scan, and write picture, page and record."""
        self.failed += [{"id": f"{o.scan}, {name}", **o.error.as_dict()} for name, o in outcomes.items() if o.error is not None]
        self.notes += [f"{o.scan}, {name} was made again: {o.again}" for name, o in outcomes.items() if o.again]
        records = {name: o.record for name, o in outcomes.items() if o.record is not None}
        with boundary(f"cannot write to {self.out}", "Check that the folder is still there, and that the disk has space."):
            if records:
                first = next(iter(records.values()))
                found = {name: {"metrics": dict(r["metrics"].get("x", {})), "cost": r["cost"]} for name, r in records.items()}
                self.scans.append({"id": first["id"], "data_sha256": first["data_sha256"], "notes": first["notes"], "methods": found})
                self._draw(dataset[index], found)
            if self.scans:
                write_json(self.out / "record.json", self.record)
                if (page := service("page")) is not None:
                    page(self.out / "index.html", record=self.record, pictures=self.pictures)

    def _draw(self, scan: Scan, found: Mapping[str, Mapping[str, Any]]) -> None:
        draw = service("comparison")
        if draw is None:
            return
        results: dict[str, Any] = {}
        axes: tuple[str, ...] = ()
        for name in found:
            with open_hdf5(self.out / folder_name(name) / folder_name(scan.id) / "reconstruction.h5") as file:
                results[name] = file.read("reconstruction")
                axes = tuple(map(str, file.attributes()["axes"]))
        truth = scan.truth.get("x")
        shape = next(iter(results.values())).shape
        reference = None if truth is None or truth.data.shape[1:] != shape else truth.data[0].numpy()
        self.pictures[scan.id] = self.out / f"{folder_name(scan.id)}.png"
        draw(self.pictures[scan.id], title=scan.id, axes=axes, reference=reference, results=results,
             metrics={n: f["metrics"] for n, f in found.items()}, cost={n: f["cost"] for n, f in found.items()})  # fmt: skip


def _mean(found: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, float]]:
    """Mean over scans of every number that all of them have."""
    return {part: {name: sum(f[part][name] for f in found) / len(found) for name in found[0][part] if all(name in f[part] for f in found)}
            for part in ("metrics", "cost")}  # fmt: skip
