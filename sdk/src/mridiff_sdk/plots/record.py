"""Record: what a page takes from a run's record, read with care, since a record may come from anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ScanRow:
    """One scan of a run with its metrics and cost by name; `scored` where it has metrics."""

    id: str
    values: Mapping[str, Any]
    scored: bool


def scan_rows(record: Mapping[str, Any]) -> list[ScanRow]:
    """The scans of a run's record; whatever has not the expected form counts as absent, a metric goes before a cost of the same name."""
    rows = []
    for i, scan in enumerate(map(mapping, sequence(record.get("scans")))):
        metrics, cost = _named(mapping(scan.get("metrics")).get("x")), _named(scan.get("cost"))
        rows.append(ScanRow(str(scan.get("id", f"scan {i + 1}")), {**cost, **metrics}, bool(metrics)))
    return rows


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: Any) -> list[Any]:
    """The value as a list if it is a list or tuple, a text as a list of one, else an empty one."""
    if isinstance(value, str):
        return [value]
    return list(value) if isinstance(value, list | tuple) else []


def as_json(content: Mapping[str, Any]) -> str:
    """Nested data as indented text; empty for nothing."""
    plain = {str(name): value for name, value in content.items()}
    return json.dumps(plain, indent=2, ensure_ascii=False, default=str) if plain else ""


def _named(value: Any) -> dict[str, Any]:
    return {str(name): v for name, v in mapping(value).items() if v is not None}
