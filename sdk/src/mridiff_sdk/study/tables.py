"""Tables: the Markdown of a study, made from its results file alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..plots.numbers import format_number
from .statistics import FEW, Estimate, by_subject, difference, mean

COST = {"nfe", "items", "backward", "operator_calls", "seconds", "peak_memory_mb"}
"""What is shown without an interval, and never compared."""
Values = Mapping[str, Mapping[str, float]]
"""By metric the value of each subject."""


@dataclass(frozen=True)
class Shown:
    """A mean as text, its interval as text, and whether it is better than what it is paired with, beyond the interval."""

    value: float
    text: str
    interval: str = ""
    best: bool = False


def text_of(results: Mapping[str, Any]) -> str:
    """All tables with what is needed to read them, as Markdown without a heading."""
    sets = {title: subjects(results, table) for title, table in results["scans"].items()}
    parts = [line for title, rows in sets.items() for line in _set(title, rows, results)]
    return "\n".join([*parts, *legend(results, max(map(_size, sets.values()), default=0))]) + "\n"


def subjects(results: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Values]:
    """By row and metric the value of each subject of a set of scans."""
    scans = [scan for scan in table["ids"] for _ in results["seeds"]]
    return {row: {m: by_subject(scans, v) for m, v in metrics.items()} for row, metrics in table["values"].items()}


def _size(rows: Mapping[str, Values]) -> int:
    return max((len(v) for metrics in rows.values() for v in metrics.values()), default=0)


def _set(title: str, rows: Mapping[str, Values], results: Mapping[str, Any]) -> Iterator[str]:
    columns, count, n = results["metrics"], len(results["scans"][title]["ids"]), _size(rows)
    against = [row for row in results["against"] if row in rows]
    of = f" of {many(n, 'subject')}" if n != count else ""
    yield f"**{title}** ({many(count, 'scan')}{of})\n"
    head = [" ".join(filter(None, (q["label"], q["unit"]))) for q in columns.values()]
    yield line("", *head)
    yield line(*("---" for _ in ("", *head)))
    for row, values in rows.items():
        yield line(_label(row, values, n), *(_cell(m, row, rows, against, columns) for m in columns))
    yield ""
    for base in against if n > 1 else ():
        if rest := {row: v for row, v in rows.items() if row != base}:
            yield from _differences(base, rest, rows[base], columns)
    if n < FEW:
        few = "too few to tell methods apart, and their intervals are too narrow" if n > 1 else "an example, and no statistic"
        yield f"{many(n, 'subject')}: {few}.\n"


def _differences(base: str, rows: Mapping[str, Values], other: Values, columns: Mapping[str, Any]) -> Iterator[str]:
    scored = {m: q for m, q in columns.items() if m not in COST}
    if not scored:
        return
    yield line(f"less {base}, paired", *(q["label"] for q in scored.values()))
    yield line(*("---" for _ in ("", *scored)))
    for row, values in rows.items():
        yield line(row, *(_difference(m, difference(values[m], other[m])) for m in scored))
    yield ""


def _label(row: str, values: Values, n: int) -> str:
    least = min((len(v) for v in values.values() if v), default=0)
    return row if least == n else f"{row} ({least} of {n})"


def _cell(metric: str, row: str, rows: Mapping[str, Values], against: list[str], columns: Mapping[str, Any]) -> str:
    found = shown(metric, row, rows, against, columns)
    if found is None:
        return "–"
    return f"{f'**{found.text}**' if found.best else found.text}{found.interval}"


def shown(metric: str, row: str, rows: Mapping[str, Values], against: Sequence[str], columns: Mapping[str, Any]) -> Shown | None:
    """The mean of a row in a column as it is written; None where there is no value."""
    values = rows[row][metric]
    if not values:
        return None
    found = mean(values)
    text = format_number(metric, found.mean)
    if metric in COST:
        return Shown(found.mean, text)
    wins = [e.direction == columns[metric]["better"] != 0 for b in against if b != row and (e := difference(values, rows[b][metric]))]
    return Shown(found.mean, text, _interval(metric, found), bool(wins) and all(wins))


def _difference(metric: str, found: Estimate | None) -> str:
    if found is None:
        return "–"
    sign = "+" if found.mean > 0 else ""
    p = f", p = {found.p:.1g}" if found.n >= FEW else ""
    return f"{sign}{format_number(metric, found.mean)}{_interval(metric, found)}{p}"


def _interval(metric: str, found: Estimate) -> str:
    return "" if found.n < 2 else f" [{format_number(metric, found.low)}, {format_number(metric, found.high)}]"


def many(n: int, noun: str) -> str:
    """A number of things in words."""
    return f"{n} {noun}{'s' * (n != 1)}"


def line(*cells: str) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def legend(results: Mapping[str, Any], n: int) -> Iterator[str]:
    """How to read tables of which the largest has `n` subjects."""
    paired = n >= FEW and any(row in results["rows"] for row in results["against"])
    labels: dict[str, list[str]] = {}
    for q in results["metrics"].values():
        labels.setdefault(q["meaning"], []).append(q["label"])
    words = [
        "Means over subjects" + " and seeds" * (len(results["seeds"]) > 1) + " [95 % interval, bootstrap over subjects]" * (n > 1),
        *(
            ["Bold: better than the row that it is paired with, beyond the interval of the difference; p: Wilcoxon, two-sided"]
            if paired
            else []
        ),
        *(f"{', '.join(several)}: {meaning}" for meaning, several in labels.items() if meaning),
    ]
    yield f"{'. '.join(words)}."
    yield from results["notes"]
    for failure in results["failed"]:
        yield f"Failed: {failure['cell']}: {failure['message']}."
    version = results["versions"].get("mridiff", "?")
    command = results.get("command") or f"mridiff measure {results['study']}"
    yield f"\n`{command}`, {results['created'][:10]}, mridiff {version}, {results['machine']}."
