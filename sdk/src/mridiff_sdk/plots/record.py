"""Record: what a page takes from a run's record, read with care, since a record may come from anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class MethodRow:
    """Metrics and cost of one method on one scan, by name."""

    metrics: Mapping[str, Any]
    cost: Mapping[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        """All of them; a metric goes before a cost of the same name."""
        return {**self.cost, **self.metrics}


@dataclass(frozen=True, slots=True)
class ScanRow:
    """One scan of a record with its methods by name."""

    id: str
    methods: Mapping[str, MethodRow]


def scan_rows(record: Mapping[str, Any]) -> list[ScanRow]:
    """The scans of a record, of a comparison or of one method's run; whatever has not the expected form counts as absent."""
    rows = []
    for i, scan in enumerate(map(mapping, sequence(record.get("scans")))):
        alone = {
            "metrics": mapping(scan.get("metrics")).get("x"),
            "cost": scan.get("cost"),
        }  # the record of a run says its method at its head
        of = mapping(scan.get("methods")) if "methods" in scan else {record.get("title", "method"): alone}
        methods = {str(name): mapping(m) for name, m in of.items()}
        found = {name: MethodRow(_named(m.get("metrics")), _named(m.get("cost"))) for name, m in methods.items()}
        rows.append(ScanRow(str(scan.get("id", f"scan {i + 1}")), found))
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
