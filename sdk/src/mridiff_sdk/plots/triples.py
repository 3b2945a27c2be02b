"""Page: what became of every combination of sampler, operator and prior, one table for each sampler, and how many of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mridiff.io.atomic import write_atomically

from .page import document

Row = Mapping[str, Any]
SIGNS = {"ran": "", "refused": "–", "failed": "×"}
STYLE = """<style>
table { width: auto; } thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; }
thead th:first-child { writing-mode: horizontal-tb; transform: none; }
td { padding: .3rem .6rem; text-align: center; cursor: help; }
td { min-width: 3.2rem; } td.none { background: none; cursor: default; } table.sums td { cursor: default; text-align: right; }
table.sums thead th { writing-mode: horizontal-tb; transform: none; }
td.ran { background: #2f9e4426; } td.refused { color: var(--quiet); } td.failed { background: #e0313159; font-weight: 700; }
</style>"""


HEAD = """# What runs with what

Every sampler with every operator and prior that it is said to run with, on a tiny scan for the operator, for three steps or a few more:
how many **ran**, with a result that is finite, explains the data better than nothing and depends on the prior; how many were **refused**
with a reason, though by what they declare they fit; how many **failed**. Runs as short as these say nothing of how good a method is.
Made by `mridiff matrix --run`, which leaves this table and a page of all combinations with their reasons; `mridiff matrix` lists them.
"""


def sums(rows: Sequence[Row]) -> list[tuple[str, list[int]]]:
    """How many of each sampler's combinations ran, were refused and failed, and of all."""
    names = list(dict.fromkeys(r["sampler"] for r in rows))
    counted = [(name, [sum(r["sampler"] == name and r["state"] == state for r in rows) for state in SIGNS]) for name in names]
    return [*counted, ("all", [sum(r["state"] == state for r in rows) for state in SIGNS])]


def markdown(rows: Sequence[Row]) -> str:
    """The page of the documentation: the numbers of each sampler, and every reason of what was refused or failed."""
    lines = [HEAD, f"| sampler | {' | '.join(SIGNS)} |", "|---|--:|--:|--:|"]
    lines += [f"| {name} | {' | '.join(map(str, numbers))} |" for name, numbers in sums(rows)]
    for title, state in (("Refused", "refused"), ("Failed", "failed")):
        found = reasons([r for r in rows if r["state"] == state])
        lines += ["", f"## {title}", "", *(f"- {reason} ({names})" for reason, names in found)] if found else []
    return "\n".join(lines) + "\n"


def reasons(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Each reason once, with what it holds for."""
    found = []
    for reason in dict.fromkeys(r["message"] for r in rows):
        held = [" / ".join((r["sampler"], r["operator"], r["prior"])) for r in rows if r["message"] == reason]
        found.append((reason, held[0] if len(held) == 1 else f"{len(held)} combinations, the first {held[0]}"))
    return found


def write_triples(path: Path, rows: Sequence[Row]) -> None:
    """Write the page of outcomes, plain data with the names and fields of `mridiff matrix --run --json`; every text is escaped."""
    every = sums(rows)
    parts = [
        STYLE,
        "<h1>What runs with what</h1>",
        f"<p class=quiet>{len(rows)} combinations: {', '.join(f'{n} {state}' for state, n in zip(SIGNS, every[-1][1], strict=True))}</p>",
        "<p>Each was planned as any run is, on a tiny scan for its operator, for three steps, or more where three explain nothing. A "
        "number is the misfit of its estimate, |A x - y| / |y|: an empty image has 1, and fails, as does what is the same with another "
        "prior. Runs as short as these say that parts fit, and nothing of how good a method is.</p>",
        _sums(every[:-1]),
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
    return (f'<h2 id="{quote(sampler)}">{escape(sampler)}</h2>'
            f"<div class=scroll><table><thead><tr><th scope=col>prior</th>{head}</tr></thead>\n"
            f"<tbody>{body}</tbody></table></div>")  # fmt: skip


def _cell(row: Row | None) -> str:
    if row is None:
        return "<td class=none></td>"
    shown = SIGNS[row["state"]] or ("✓" if row["misfit"] is None else f"{row['misfit']:.2f}")
    about = row["message"] or f"{row['steps']} steps, {row['seconds']:.1f} s"
    return f'<td class={row["state"]} title="{escape(about)}">{shown}</td>'


def _reasons(title: str, rows: Sequence[Row]) -> Iterator[str]:
    if rows:
        yield f"<h2>{title}</h2>"
    yield from (f"<p>{escape(reason)}<br><small>{escape(names)}</small></p>" for reason, names in reasons(rows))


def _sums(every: Sequence[tuple[str, Sequence[int]]]) -> str:
    head = "".join(f"<th scope=col>{state}</th>" for state in SIGNS)
    lines = []
    for name, numbers in every:
        cells = "".join(f"<td>{n or ''}</td>" for n in numbers)
        lines.append(f'<tr><th scope=row><a href="#{quote(name)}">{escape(name)}</a></th>{cells}</tr>')
    return (f"<div class=scroll><table class=sums><thead><tr><th scope=col>sampler</th>{head}</tr></thead>\n"
            f"<tbody>{''.join(lines)}</tbody></table></div>")  # fmt: skip
