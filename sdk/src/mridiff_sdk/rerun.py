"""Rerun: a result made again from its record alone, and compared with what lies there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import isclose, isnan
from pathlib import Path
from typing import Any

import torch

from mridiff.errors import DataError, boundary
from mridiff.interfaces import Dataset, Scan
from mridiff.pipeline.method import Method, Reconstruction, Watch, load_dataset
from mridiff.pipeline.plan import plan
from mridiff.pipeline.record import describe, origin, plain, recall
from mridiff.plugins.registry import Registry

from .io.hdf5 import open_hdf5
from .study.again import cell_of
from .study.scans import opened

TOLERANCE = 1e-4
"""Largest deviation that counts as equal, relative to the largest value: what another processor or number of threads makes of rounding."""
IDENTICAL, EQUAL, DIFFERENT = "identical", "equal", "different"


@dataclass(frozen=True)
class Rerun:
    """What became of a result made again: the verdict, its largest deviation (relative), and what here is not as the record says."""

    scan: str
    verdict: str
    deviation: float
    changed: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"scan": self.scan, "verdict": self.verdict, "deviation": self.deviation, "changed": list(self.changed)}


def records(path: Path) -> list[Path]:
    """The record of a scan, or those of all scans below a folder; raises DataError where there is none."""
    if path.name == "record.json" and (path.parent / "reconstruction.h5").exists():
        return [path]
    found = [p for p in sorted(path.rglob("record.json")) if (p.parent / "reconstruction.h5").exists()] if path.is_dir() else []
    if not found:
        raise DataError(f"{path}: no record.json with a reconstruction.h5 beside it", hint="Name the folder that `mridiff recon` wrote.")
    return found


def rerun(path: Path, registry: Registry, tolerance: float = TOLERANCE, watch: Watch | None = None, data: Path | None = None) -> Rerun:
    """Make the result of the record at `path` again, with its configuration, seed, samples and threads, and compare all samples.

    That of a study's cell is made by the study that its folder names, of scans in the folder `data`. Raises DataError, before anything is
    computed, where the record or its files were changed, or where weights or data here are others.
    """
    record, reason = recall(path.parent, {})
    if record is None:
        raise DataError(f"{path}: {reason}", hint="Nothing can be told of it: make the result again with `mridiff recon`.")
    config, node = record["config"], record.get("dataset")
    with threads(int(record["threads"])):
        if "extra" in record and node is None:
            make, head, scans = cell_of(path, record, registry, data)
        else:
            method = Method(
                plan(config, registry, None if node is None else {"dataset": None})
            )  # a comparison's cell names its scans beside
            make, head = partial(method, samples=record["samples"], seed=record["seed"]), describe(method)
            scans = load_dataset(method.plan) if node is None else opened(node, registry, None)
        scan = _scan(scans, record["id"], path)
        made_from = origin(head, scan)
        _refuse(record, made_from, path)
        result = make(scan, watch=watch)
        deviation = _deviation(path, result)
    verdict = IDENTICAL if deviation == 0 else EQUAL if deviation <= tolerance else DIFFERENT
    return Rerun(scan.id, verdict, deviation, (*_changes(record, made_from), *_scores(record, result)))


@contextmanager
def threads(number: int) -> Iterator[None]:
    """As many threads as the record says: sums depend on how they are split."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _scan(dataset: Dataset, name: str, path: Path) -> Scan:
    scan = next((s for s in dataset if s.id == name), None)
    if scan is None:
        raise DataError(f"{path}: its dataset has no scan {name!r} any more", hint="Put the file back that it was made from.")
    return scan


def _refuse(record: Mapping[str, Any], made_from: Mapping[str, Any], path: Path) -> None:
    """Raise DataError where data or weights are not those of the record: the result would be another one by right."""
    weights, now = record["weights_sha256"], made_from["weights_sha256"]
    others = [f"the weights of {name}" for name in sorted({*weights, *now}) if weights.get(name) != now.get(name)]
    others += ["the data"] if record["data_sha256"] != made_from["data_sha256"] else []
    if others:
        raise DataError(f"{path}: {' and '.join(others)} here are not those that it was made from",
                        hint="Install the versions that the record names, and put its data back.")  # fmt: skip


def _deviation(path: Path, result: Reconstruction) -> float:
    with boundary(f"{path.parent}: its reconstruction cannot be read"), open_hdf5(path.parent / "reconstruction.h5") as file:
        was = torch.from_numpy(file.read("samples"))
    if was.shape != result.samples.shape:
        return float("inf")
    return 0.0 if torch.equal(was, result.samples) else float((was - result.samples).abs().max() / was.abs().max())


def _changes(record: Mapping[str, Any], made_from: Mapping[str, Any]) -> Iterator[str]:
    """What else is not as it was: versions, providers of services, device, machine, threads, reference, options that came since."""
    told = {"reference_sha256": "the reference", "config": "the configuration with its defaults",
            "altered": "a function that alters it, or its file", "extra": "an extra metric, or its file"}  # fmt: skip
    for key, now in made_from.items():
        was = record.get(key)
        if was == now:
            continue
        if isinstance(was, dict) and isinstance(now, dict) and key not in told:
            yield from (f"{name} {was.get(name)} -> {now.get(name)}" for name in sorted({*was, *now}) if was.get(name) != now.get(name))
        else:
            yield told.get(key) or f"{key} {was} -> {now}"


def _scores(record: Mapping[str, Any], result: Reconstruction) -> Iterator[str]:
    for what, found in plain(dict(result.metrics)).items():
        for name, now in found.items():
            was = record["metrics"].get(what, {}).get(name)
            if was is None or not (isclose(was, now, rel_tol=1e-3) or (isnan(was) and isnan(now))):
                yield f"{what}.{name} {was} -> {now}"
