"""Tables of the page: methods or scans in rows, metrics and cost in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .numbers import QUANTITIES, as_number, best, format_number, quantity
from .record import ScanRow

_HIDDEN = frozenset({"items", "backward"})  # counts for those who read the record itself
_FORMATTED = frozenset({"seconds"})  # carries its unit in every cell

Row = Mapping[str, Any]


def methods_table(scans: Sequence[ScanRow]) -> str:
    """One row per method, over all of its scans: the mean, and how many scans where it lacks some; the best values of the others bold."""
    names = list(dict.fromkeys(name for scan in scans for name in scan.methods))
    rows, labels = {}, {}
    for name in names:
        values = [scan.methods[name].values for scan in scans if name in scan.methods]
        rows[name] = values[0] if len(scans) == 1 else mean(values)
        labels[name] = "" if len(values) == len(scans) else f"{len(values)} of {len(scans)} scans"
    heading = "method" if len(scans) == 1 else f"method, mean of {len(scans)} scans"
    return _table(heading, rows, labels, bold=True)


def scans_table(scans: Sequence[ScanRow]) -> str:
    """One row per scan of a run with one method, and their mean; nothing is bold, since scans do not compete."""
    rows: dict[str, Row] = {}
    for scan in scans:
        for method in scan.methods.values():
            rows[scan.id] = method.values
    average = mean(list(rows.values())) if len(rows) > 1 else None
    return _table("scan", rows, {}, bold=False, average=average)


def mean(rows: Sequence[Row]) -> dict[str, float]:
    """Mean of every number over the rows that have it; peak memory, a property of the whole process, by its maximum."""
    result = {}
    for name in dict.fromkeys(n for row in rows for n in row):
        values = [v for row in rows if (v := as_number(row.get(name))) is not None]
        if values:
            result[name] = max(values) if name == "peak_memory_mb" else sum(values) / len(values)
    return result


def _table(heading: str, rows: Mapping[str, Row], labels: Mapping[str, str], *, bold: bool, average: Row | None = None) -> str:
    present = list(dict.fromkeys(name for row in rows.values() for name in row if name not in _HIDDEN))
    names = [n for n in QUANTITIES if n in present] + [n for n in present if n not in QUANTITIES]
    if not names:
        return ""
    rivals = {who: row for who, row in rows.items() if bold and not labels.get(who)}  # a mean over fewer scans is no rival
    winners = {name: best(name, {who: row.get(name) for who, row in rivals.items()}) for name in names}
    head = f"<thead><tr><th scope=col>{escape(heading)}</th>{''.join(map(_head, names))}</tr></thead>"
    body = []
    for who, row in rows.items():
        label = escape(who) + (f" <small>{escape(labels[who])}</small>" if labels.get(who) else "")
        body.append(f"<tr><th scope=row>{label}</th>{''.join(_cell(n, row.get(n), who in winners[n]) for n in names)}</tr>")
    if average is not None:
        body.append(f"<tr class=mean><th scope=row>mean</th>{''.join(_cell(n, average.get(n), False) for n in names)}</tr>")
    return f"<div class=scroll><table>{head}\n<tbody>{chr(10).join(body)}</tbody></table></div>\n"


def _head(name: str) -> str:
    known = quantity(name)
    words = f'<abbr title="{escape(known.meaning)}">{escape(known.label)}</abbr>' if known.meaning else escape(known.label)
    unit = f" <small>{escape(known.unit)}</small>" if known.unit and name not in _FORMATTED else ""
    return f"<th scope=col>{words}{unit}</th>"


def _cell(name: str, value: Any, winner: bool) -> str:
    words = escape(format_number(name, value))
    return f"<td>{f'<b>{words}</b>' if winner else words}</td>"
