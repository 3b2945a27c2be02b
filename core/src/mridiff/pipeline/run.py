"""Run: many scans into one folder; a killed run resumes, loses nothing and does nothing twice."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError, DataError, MridiffError, Problem
from ..interfaces.dataset import Dataset
from ..interfaces.sampler import Step
from .method import Method
from .output import PARTIAL, write_scan
from .record import describe, now, scan_record, write_json
from .services import service

Watch = Callable[[str, Step, int, int], None]
"""Called after every step with the scan's id, the step, the first sample of its batch and the number of samples."""


@dataclass(frozen=True)
class Outcome:
    """What became of one scan: its record, whether it was there already, or the error that stopped it."""

    scan: str
    record: Mapping[str, Any] | None = None
    kept: bool = False
    error: MridiffError | None = None


def run(method: Method, dataset: Dataset, out: Path, watch: Watch | None = None) -> Iterator[Outcome]:
    """Reconstruct every scan of a dataset into `out`, one outcome per scan; `out/record.json` is complete at the end.

    A scan that fails is reported and the rest go on. Scans whose folder is there already are kept. Raises ConfigError if `out`
    holds a run of another configuration, DataError if it cannot be written.
    """
    head = describe(method)
    _claim(out, head)
    outcomes = []
    for index in range(len(dataset)):
        outcomes.append(_one(method, dataset, index, out, watch))
        yield outcomes[-1]
    _close(out, head, outcomes)


def _claim(out: Path, head: Mapping[str, Any]) -> None:
    marker = out / "run.json"
    try:
        out.mkdir(parents=True, exist_ok=True)
        for leftover in out.glob(f"{PARTIAL}*"):
            shutil.rmtree(leftover)
        if marker.exists():
            if json.loads(marker.read_text()) != json.loads(json.dumps(head, default=str)):
                raise ConfigError([Problem("", "this folder holds a run of another configuration, version or machine setting", str(out))],
                                  hint="Choose another folder with -o, or delete this one.")  # fmt: skip
        else:
            write_json(marker, head)
    except OSError as error:
        raise DataError(f"cannot write to {out}: {error.strerror or error}", hint="Choose a writable folder with -o.") from error


def _one(method: Method, dataset: Dataset, index: int, out: Path, watch: Watch | None) -> Outcome:
    name = f"scan {index}"
    try:
        scan = dataset[index]
        name = scan.id
        folder = out / folder_name(name)
        if (folder / "record.json").exists():
            record = json.loads((folder / "record.json").read_text())
            if record["id"] != name:
                raise DataError(f"{name} and {record['id']} would share the folder {folder}", hint="Rename one of the files.")
            return Outcome(name, record, kept=True)
        result = method(scan, watch=None if watch is None else lambda *a: watch(name, *a))
        record = scan_record(result, scan.measured, method.plan.config.seed)
        write_scan(folder, result, scan, record)
        return Outcome(name, record)
    except MridiffError as error:
        return Outcome(name, error=error)
    except OSError as error:
        return Outcome(name, error=DataError(f"cannot write the result of {name} to {out}: {error.strerror or error}"))


def folder_name(scan: str) -> str:
    """A scan's id as the name of a folder: letters, digits, dot, dash and underscore."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", scan).strip(".-") or "scan"


def _close(out: Path, head: Mapping[str, Any], outcomes: list[Outcome]) -> None:
    scans = [o.record for o in outcomes if o.record is not None]
    if not scans:  # nothing was made, so nothing stays
        (out / "run.json").unlink()
        with suppress(OSError):
            out.rmdir()
        return
    failed = [{"id": o.scan, **o.error.as_dict()} for o in outcomes if o.error is not None]
    record = {"title": str(head["config"].get("recipe") or head["config"]["sampler"]["use"]), "created": now(), **head,
              "seed": head["config"]["seed"], "scans": scans, "failed": failed}  # fmt: skip
    write_json(out / "record.json", record)
    page = service("page")
    if page is not None:
        method = record["title"]
        cases = [{"id": s["id"], "methods": {method: {"metrics": s["metrics"].get("x", {}), "cost": s["cost"]}}} for s in scans]
        pictures = {s["id"]: out / folder_name(s["id"]) / "overview.png" for s in scans}
        page(out / "index.html", record={**record, "scans": cases}, pictures={k: p for k, p in pictures.items() if p.exists()})
