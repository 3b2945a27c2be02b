"""Results: what a study found, as the small JSON file that ships beside a card."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

import torch

from mridiff.io.atomic import write_atomically
from mridiff.pipeline.record import now, plain

from ..plots.numbers import QUANTITIES, Quantity, quantity
from .bench import Cell, Result
from .standing import made_from
from .study import Altered, Row, Scans, Study
from .tables import COST
from .tidy import numbers

UNSHOWN, SHOWN = {"extra", "baseline", "uncertainty"}, {"nfe", "operator_calls", "seconds"}
"""Where no column is named: metrics that make none, and costs that do."""


def collected(name: str, study: Study, cells: Sequence[Cell], found: Mapping[Cell, Result]) -> dict[str, Any]:
    """The results as plain data: per set of scans its ids, and per row and metric a value for each scan and seed, None where none is."""
    records = [r.record for r in found.values() if r.record is not None]
    sets = dict.fromkeys(cell.scans for cell in cells)
    columns = study.columns if study.metrics else (*_all(records), *study.extra)
    return plain({
        "study": name, "title": study.title, "notes": study.notes, "created": now(), "machine": _machine(records),
        **({"command": study.command} if study.command else {}),
        "versions": {k: v for r in records for k, v in r["versions"].items()},
        "seeds": list(dict.fromkeys(cell.seed for cell in cells)), "against": study.against,
        "metrics": {m: _quantity(m, study) for m in columns},
        "rows": {row: _row(study.rows[row]) for row in dict.fromkeys(cell.row for cell in cells)},
        "made_from": {row: made_from(_records(row, cells, found)) for row in dict.fromkeys(cell.row for cell in cells)},
        "scans": {title: _table(title, study, columns, [c for c in cells if c.scans == title], found) for title in sets},
        "failed": [{"cell": str(c), "message": r.error["message"]} for c, r in found.items() if r.error is not None],
    })  # fmt: skip


def _all(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """All numbers of records, but those of extra metrics and of first looks: known ones in their order, others, costs last."""
    words = dict.fromkeys(
        w for r in records for w in numbers({**r, "metrics": {k: v for k, v in r["metrics"].items() if k not in UNSHOWN}})
    )
    known = [w for w in QUANTITIES if w in words and w not in COST]
    return [*known, *(w for w in words if w not in known and w not in COST), *(w for w in QUANTITIES if w in words and w in SHOWN)]


def _records(row: str, cells: Iterable[Cell], found: Mapping[Cell, Result]) -> Iterator[Mapping[str, Any]]:
    """What the cells of a row say of themselves; of one that failed, nothing."""
    yield from (found[c].record or {} for c in cells if c.row == row)


def _table(title: str, study: Study, columns: Sequence[str], cells: Sequence[Cell], found: Mapping[Cell, Result]) -> dict[str, Any]:
    ids = {cell.scan: found[cell].id or f"scan {cell.scan}" for cell in sorted(cells, key=lambda c: found[c].id != "")}
    values: dict[str, dict[str, list[float | None]]] = {}
    for cell in sorted(cells, key=lambda c: c.scan):
        record = found[cell].record
        mine = {} if record is None else numbers(record)
        for metric in columns:
            values.setdefault(cell.row, {}).setdefault(metric, []).append(_short(mine.get(metric)))
    return {"dataset": _dataset(study.scans[title]), "ids": [ids[i] for i in sorted(ids)], "values": values}


def _dataset(scans: Scans) -> Any:
    if isinstance(scans, Altered):
        return {"scans": scans.source, "altered by": _name(scans.scan)}
    return _name(scans) if callable(scans) else scans


def _short(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else float(f"{value:.6g}")


def _row(row: Row) -> Any:
    if isinstance(row, Altered):
        return {"method": row.source, "altered by": [_name(f) for f in (row.method, row.scan) if f is not None]}
    return _name(row) if callable(row) else row


def _name(function: Any) -> str:
    named = function if hasattr(function, "__qualname__") else getattr(function, "func", type(function))
    return f"{named.__module__}:{named.__qualname__}"


def _quantity(metric: str, study: Study) -> dict[str, Any]:
    what, _, word = metric.rpartition(".")
    q = quantity(word)
    q = replace(q, label=f"{q.label} of {what}") if what else q
    if metric in study.extra:
        lines = (getattr(study.extra[metric], "__doc__", None) or "").strip().splitlines()
        q = Quantity(metric, "", study.better.get(metric, 0), lines[0].rstrip(".") if lines else "")
    return {"label": q.label, "unit": q.unit, "better": q.better, "meaning": q.meaning}


def _machine(records: Sequence[Mapping[str, Any]]) -> str:
    threads = sorted({int(r["threads"]) for r in records})
    devices = sorted({str(r["device"]) for r in records} - {"cpu"})
    kinds = [torch.cuda.get_device_name(d) if d.startswith("cuda") and torch.cuda.is_available() else d for d in devices]
    each = " or ".join(f"{n} thread{'s' * (n > 1)}" for n in threads)
    return ", ".join([*kinds, platform.machine(), each])


def write(out: Path, results: Mapping[str, Any], text: str) -> None:
    """table.md and results.json."""
    with write_atomically(out / "table.md") as path:
        path.write_text(text)
    write_results(out / "results.json", results)


def write_results(path: Path, results: Mapping[str, Any]) -> None:
    """A results file: JSON, each list of numbers on one line."""
    text = re.sub(r"\[\n[^\[\]{}\"]*\]", lambda m: " ".join(m[0].split()), json.dumps(results, indent=1, ensure_ascii=False))
    with write_atomically(path) as temporary:
        temporary.write_text(text + "\n")
