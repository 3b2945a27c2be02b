"""Table of a run's page: scans in rows, metrics and cost in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .numbers import QUANTITIES, as_number, format_number, quantity
from .record import ScanRow

_HIDDEN = frozenset({"items", "backward"})  # counts for those who read the record itself
_FORMATTED = frozenset({"seconds"})  # carries its unit in every cell

Row = Mapping[str, Any]


def scans_table(scans: Sequence[ScanRow]) -> str:
    """One row per scan, and their mean; nothing is bold, since scans do not compete."""
    present = list(dict.fromkeys(name for scan in scans for name in scan.values if name not in _HIDDEN))
    names = [n for n in QUANTITIES if n in present] + [n for n in present if n not in QUANTITIES]
    if not names:
        return ""
    head = f"<thead><tr><th scope=col>scan</th>{''.join(map(_head, names))}</tr></thead>"
    body = [_line("", scan.id, scan.values, names) for scan in scans]
    if len(scans) > 1:
        body.append(_line(" class=mean", "mean", mean([scan.values for scan in scans]), names))
    return f"<div class=scroll><table>{head}\n<tbody>{chr(10).join(body)}</tbody></table></div>\n"


def mean(rows: Sequence[Row]) -> dict[str, float]:
    """Mean of every number over the rows that have it; peak memory, a property of the whole process, by its maximum."""
    result = {}
    for name in dict.fromkeys(n for row in rows for n in row):
        values = [v for row in rows if (v := as_number(row.get(name))) is not None]
        if values:
            result[name] = max(values) if name == "peak_memory_mb" else sum(values) / len(values)
    return result


def _line(kind: str, label: str, row: Row, names: Sequence[str]) -> str:
    cells = "".join(f"<td>{escape(format_number(name, row.get(name)))}</td>" for name in names)
    return f"<tr{kind}><th scope=row>{escape(label)}</th>{cells}</tr>"


def _head(name: str) -> str:
    known = quantity(name)
    words = f'<abbr title="{escape(known.meaning)}">{escape(known.label)}</abbr>' if known.meaning else escape(known.label)
    unit = f" <small>{escape(known.unit)}</small>" if known.unit and name not in _FORMATTED else ""
    return f"<th scope=col>{words}{unit}</th>"
