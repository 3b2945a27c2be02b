"""Picture: quality against cost, with intervals and the Pareto front, made from a results file alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..plots.sheet import BACKGROUND, BRIGHT, NAME, QUIET, SMALL, TEXT, TINY, TITLE, Sheet, line
from .statistics import Estimate, mean
from .tables import COST, Values, subjects

COSTS = {"nfe": "network evaluations per sample", "seconds": "time (s)"}
COLOURS = ("#56b4e9", "#e69f00", "#2fbf8f", "#f0e442", "#cc79a7", "#d55e00", "#ffffff")
"""Those of Okabe and Ito that show on dark; with five markers they tell 35 rows apart."""
MARKERS = "osD^v"
WIDTH, HEIGHT, LEFT, GAP, KEY = 520, 360, 110, 44, 420  # pixels: of a panel, its axis, between panels, of the key


@dataclass(frozen=True)
class Point:
    """A row of the study: its quality with its interval at a place on the other axis, and whether no other row is better for less."""

    row: str
    x: float
    quality: Estimate
    front: bool = True


@dataclass(frozen=True)
class Panel:
    """Points over one axis; `joined` says that those of a row belong together."""

    axis: str
    points: Sequence[Point]
    joined: bool = False


def draw(path: Path, results: Mapping[str, Any]) -> bool:
    """Write the picture as PNG: a band of panels for each set of scans, many bands in several columns.

    Without quality or cost there is none, and False is returned.
    """
    bands = list(bands_of(results))
    if not bands:
        path.unlink(missing_ok=True)
        return False
    scored = results["metrics"][_scored(results)]
    head, band, rows = line(TITLE) + GAP, HEIGHT + 2 * line(NAME) + line(SMALL) + GAP, list(results["rows"])
    across = max(len(panels) for _, panels in bands) * (LEFT + WIDTH)
    down = next(n for n in range(len(bands), 0, -1) if n == 1 or n * band <= -(-len(bands) // n) * across + KEY)
    width = -(-len(bands) // down) * across + GAP + KEY
    height = max(head + down * band, head + (len(rows) + 6) * line(SMALL)) + GAP // 2
    with Sheet(path, width, height) as sheet:
        sheet.text(results["title"], GAP // 2, GAP // 2, TITLE, colour=BRIGHT, width=width - GAP)
        for i, (title, panels) in enumerate(bands):
            left, top = LEFT + i // down * across, head + i % down * band
            sheet.text(title, left, top, NAME, colour=BRIGHT, width=across - LEFT)
            for j, panel in enumerate(panels):
                _axes(sheet, panel, left + j * (LEFT + WIDTH), top + line(NAME), rows, scored)
        _key(sheet, rows, width - KEY, head, any(p.points[0].quality.n > 1 for _, panels in bands for p in panels))
    return True


def bands_of(results: Mapping[str, Any]) -> Iterator[tuple[str, list[Panel]]]:
    """By title the panels of each set of scans, then those over acceleration, of sets that differ in nothing else."""
    metric = _scored(results)
    sets = {title: subjects(results, table) for title, table in results["scans"].items()} if metric else {}
    for title, rows in sets.items():
        panels = [Panel(COSTS[cost], points) for cost in COSTS if (points := front(rows, metric, cost, results))]
        if panels:
            yield title, panels
    for titles in accelerated(results["scans"]) if metric else ():
        found = [Point(row, R, mean(rows[metric])) for R, t in titles.items() for row, rows in sets[t].items() if rows.get(metric)]
        if found:
            yield " · ".join(titles.values()), [Panel("acceleration", found, joined=True)]


def front(rows: Mapping[str, Values], metric: str, cost: str, results: Mapping[str, Any]) -> list[Point]:
    """The rows over a cost; on the front is a row that is better than every cheaper one."""
    better = results["metrics"][metric]["better"]
    known = [(mean(v[cost]).mean, mean(v[metric]), row) for row, v in rows.items() if v.get(cost) and v.get(metric)]
    if len({x for x, *_ in known}) < 2:
        return []  # one cost tells nothing
    return [Point(row, x, q, not any((u <= x and better * (p.mean - q.mean) > 0) or (u < x and p.mean == q.mean) for u, p, _ in known))
            for x, q, row in known]  # fmt: skip


def accelerated(scans: Mapping[str, Any]) -> list[dict[float, str]]:
    """By acceleration the titles of sets of scans that differ by it alone, where there are two or more."""
    groups: dict[str, dict[float, str]] = {}
    for title, table in scans.items():
        node = table["dataset"] if isinstance(table["dataset"], Mapping) else {}
        options = dict(node.get("options", {}))
        R = options.pop("acceleration", None)
        if isinstance(R, int | float):
            groups.setdefault(json.dumps({**node, "options": options}, sort_keys=True), {})[float(R)] = title
    return [dict(sorted(group.items())) for group in groups.values() if len(group) > 1]


def _scored(results: Mapping[str, Any]) -> str:
    return next((m for m, q in results["metrics"].items() if m not in COST and q["better"]), "")


def style(rows: Sequence[str], row: str) -> tuple[str, str]:
    """The colour and marker of one of several rows."""
    n = rows.index(row)
    return COLOURS[n % len(COLOURS)], MARKERS[(n // len(COLOURS) + n) % len(MARKERS)]


def _axes(sheet: Sheet, panel: Panel, left: int, top: int, rows: Sequence[str], scored: Mapping[str, Any]) -> None:
    at = (left / sheet.width, 1 - (top + GAP // 4 + HEIGHT) / sheet.height, (WIDTH - GAP) / sheet.width, HEIGHT / sheet.height)
    axes = sheet.figure.add_axes(at, facecolor=BACKGROUND)
    for side, spine in axes.spines.items():
        spine.set(color=QUIET, visible=side in {"left", "bottom"})
    axes.tick_params(colors=TEXT, labelsize=TINY)
    axes.grid(color="#21262d", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.margins(0.08)
    edge = sorted((p.x, p.quality.mean) for p in panel.points if p.front)
    if not panel.joined:
        axes.plot(*zip(*edge, strict=True), color=QUIET, linewidth=1.2, linestyle="--", zorder=1)
    for row in dict.fromkeys(p.row for p in panel.points):
        mine, (colour, marker) = [p for p in panel.points if p.row == row], style(rows, row)
        x, y = [p.x for p in mine], [p.quality.mean for p in mine]
        spread = [[p.quality.mean - p.quality.low for p in mine], [p.quality.high - p.quality.mean for p in mine]]
        axes.errorbar(x, y, yerr=spread, color=colour, marker=marker, markersize=8, linewidth=1.3, capsize=0, zorder=2 + mine[0].front,
                      markerfacecolor=colour if mine[0].front else BACKGROUND, linestyle="-" if panel.joined else "none")  # fmt: skip
    _scale(axes, panel)
    if scored["better"] < 0:
        axes.invert_yaxis()
    unit = f" ({scored['unit']})" if scored["unit"] else ""
    axes.set_ylabel(f"{scored['label']}{unit}", color=TEXT, fontsize=SMALL, parse_math=False)
    axes.set_xlabel(panel.axis, color=TEXT, fontsize=SMALL)


def _scale(axes: Any, panel: Panel) -> None:
    """Logarithmic, with zero on it for network evaluations; ticks as plain numbers."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    x = sorted({p.x for p in panel.points})
    if panel.joined:
        axes.set_xticks(x)
    elif x[0] <= 0:
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xlim(-0.3, 2 * max(x[-1], 1))
    else:
        axes.set_xscale("log")
        axes.set_xlim(x[0] / 2, 2 * x[-1])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _key(sheet: Sheet, rows: Sequence[str], left: int, top: int, interval: bool) -> None:
    for i, row in enumerate(rows):
        colour, marker = style(rows, row)
        y = top + i * line(SMALL)
        sheet.page.scatter([left + 12], [y + line(SMALL) * 0.34], s=55, c=colour, marker=marker)
        sheet.text(row, left + 32, y, SMALL, width=KEY - 44)
    words = ["filled, dashed line: no row is better for less", *(["bars: 95 % interval over subjects"] if interval else [])]
    for i, text in enumerate(words):
        sheet.text(text, left, top + (len(rows) + 1 + i) * line(SMALL), TINY, colour=QUIET, width=KEY - 12)
