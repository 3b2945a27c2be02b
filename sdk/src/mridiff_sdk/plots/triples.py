"""Page: what became of every combination of sampler, operator and prior, one table for each sampler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from mridiff.io.atomic import write_atomically

from .page import document

Row = Mapping[str, Any]
SIGNS = {"ran": "", "refused": "–", "failed": "×"}
STYLE = """<style>
table { width: auto; } thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; }
thead th:first-child { writing-mode: horizontal-tb; transform: none; }
td { padding: .3rem .6rem; text-align: center; cursor: help; }
td.ran { background: #2f9e4426; } td.refused { color: var(--quiet); } td.failed { background: #e0313159; font-weight: 700; }
</style>"""


def write_triples(path: Path, rows: Sequence[Row]) -> None:
    """Write the page of outcomes, plain data with the names and fields of `mridiff matrix --run --json`; every text is escaped."""
    counts = {state: sum(r["state"] == state for r in rows) for state in SIGNS}
    parts = [
        STYLE,
        "<h1>What runs with what</h1>",
        f"<p class=quiet>{len(rows)} combinations: {', '.join(f'{n} {state}' for state, n in counts.items())}</p>",
        "<p>Each was planned as any run is, on a tiny scan for its operator, for three steps, or more where three explain nothing. A "
        "number is the misfit of its estimate, |A x - y| / |y|: an empty image has 1. Runs as short as these say that parts fit, and "
        "nothing of how good a method is.</p>",
        *_reasons("Failed", [r for r in rows if r["state"] == "failed"]),
        *(_table(name, [r for r in rows if r["sampler"] == name]) for name in dict.fromkeys(r["sampler"] for r in rows)),
        *_reasons("Refused", [r for r in rows if r["state"] == "refused"]),
        "<footer>Empty: by what they declare, these do not fit. – refused with a reason, × failed.</footer>",
    ]
    with write_atomically(path) as temporary:
        temporary.write_bytes(document("What runs with what", parts).encode())


def _table(sampler: str, rows: Sequence[Row]) -> str:
    operators = list(dict.fromkeys(r["operator"] for r in rows))
    cells = {(r["prior"], r["operator"]): r for r in rows}
    head = "".join(f"<th scope=col>{escape(o)}</th>" for o in operators)
    body = "\n".join(f"<tr><th scope=row>{escape(p)}</th>{''.join(_cell(cells.get((p, o))) for o in operators)}</tr>"
                     for p in dict.fromkeys(r["prior"] for r in rows))  # fmt: skip
    return (f"<h2>{escape(sampler)}</h2><div class=scroll><table><thead><tr><th scope=col>prior</th>{head}</tr></thead>\n"
            f"<tbody>{body}</tbody></table></div>")  # fmt: skip


def _cell(row: Row | None) -> str:
    if row is None:
        return "<td></td>"
    shown = SIGNS[row["state"]] or ("✓" if row["misfit"] is None else f"{row['misfit']:.2f}")
    about = row["message"] or f"{row['steps']} steps, {row['seconds']:.1f} s"
    return f'<td class={row["state"]} title="{escape(about)}">{shown}</td>'


def _reasons(title: str, rows: Sequence[Row]) -> Iterator[str]:
    """Each reason once, with all that it holds for."""
    if rows:
        yield f"<h2>{title}</h2>"
    for reason in dict.fromkeys(r["message"] for r in rows):
        held = [" / ".join((r["sampler"], r["operator"], r["prior"])) for r in rows if r["message"] == reason]
        names = f"{held[0]}" if len(held) == 1 else f"{len(held)} combinations, the first {held[0]}"
        yield f"<p>{escape(reason)}<br><small>{escape(names)}</small></p>"
