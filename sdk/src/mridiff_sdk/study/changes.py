"""Changes: what each set of scans of a study does to every row, beside the first set; numbers, table and picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..plots.numbers import format_number
from ..plots.sheet import BACKGROUND, BRIGHT, NAME, QUIET, SMALL, TEXT, TINY, TITLE, Sheet
from ..plots.sheet import line as high
from .picture import style
from .statistics import Estimate, change, difference, mean
from .tables import line, subjects

BAND, LABEL, PANEL, GAP, KEY = 64, 300, 470, 40, 430  # pixels: height of a change, its name, a panel, between panels, of the key
LESION = "contrast_lesion"
SHADE, GRID = "#151a21", "#2a313a"


@dataclass(frozen=True)
class Panel:
    """By row and set of scans a number with its interval; zero is where nothing changes, or nobody is better."""

    title: str
    metric: str
    numbers: Mapping[str, Mapping[str, Estimate]]


def panels(results: Mapping[str, Any], mine: str, metrics: Sequence[str] = ("psnr", "ssim")) -> list[Panel]:
    """The change of each metric from the first set of scans; then by how much `mine` is above each other row in the first metric."""
    sets = {title: subjects(results, table) for title, table in results["scans"].items()}
    first = next(iter(sets))
    found = []
    for metric in metrics:
        each = {row: {t: change(sets[t][row][metric], sets[first][row][metric]) for t in sets if t != first} for row in sets[first]}
        found.append(Panel(f"change of {_label(metric, results)}", metric, _known(each)))
    lead = {row: {t: difference(sets[t][mine][metrics[0]], sets[t][row][metrics[0]]) for t in sets} for row in sets[first] if row != mine}
    return [*found, Panel(f"{mine} above the others, {_label(metrics[0], results)}", metrics[0], _known(lead))]


def lesions(results: Mapping[str, Any]) -> dict[str, Mapping[str, float]]:
    """By row and subject how much of a lesion's contrast is there, in the set of scans that has lesions."""
    sets = (subjects(results, table) for table in results["scans"].values()) if LESION in results["metrics"] else ()
    return next((kept for rows in sets if (kept := {row: values[LESION] for row, values in rows.items() if values[LESION]})), {})


def changes_text(results: Mapping[str, Any], mine: str) -> str:
    """The panels as Markdown tables, below the means of the first set of scans."""
    parts = [row for panel in panels(results, mine) for row in _table(panel, results)]
    if kept := lesions(results):
        each = ", ".join(f"{row} {_text(LESION, mean(values), '')}" for row, values in kept.items())
        parts += [f"Lesion: {each}.\n"]
    return "\n".join([*parts, f"{'. '.join(_legend(results))}.", *results["notes"]]) + "\n"


def draw_changes(path: Path, results: Mapping[str, Any], mine: str) -> None:
    """Write the panels as PNG: a line for each set of scans, the row `mine` in front."""
    titles, shown = list(results["scans"]), panels(results, mine)
    rows = [*(row for row in results["rows"] if row != mine), mine]
    left = GAP + LABEL
    width, top = left + len(shown) * (PANEL + GAP) + KEY, 3 * high(TITLE)
    words = [f"{'. '.join(_legend(results))}.", *results["notes"]]
    height = top + len(titles) * BAND + (3 + len(words)) * high(SMALL)
    with Sheet(path, width, height) as sheet:
        sheet.text(results["title"], GAP, high(TITLE) // 2, TITLE, colour=BRIGHT, width=width - GAP)
        for i, title in enumerate(titles):
            sheet.text(title, left - 16, top + i * BAND + BAND // 2 - high(NAME) // 3, NAME, ha="right", colour=TEXT if i else QUIET)
        for j, panel in enumerate(shown):
            at = left + j * (PANEL + GAP)
            sheet.text(panel.title, at + PANEL / 2, top - high(NAME), NAME, colour=BRIGHT, ha="center")
            _panel(sheet, panel, (at, top), titles, rows)
        _key(sheet, results, rows, left + len(shown) * (PANEL + GAP), top)
        for i, text in enumerate(words):
            sheet.text(text, GAP, height - (1 + len(words) - i) * high(SMALL), TINY, colour=QUIET, width=width - 2 * GAP)


def _panel(sheet: Sheet, panel: Panel, at: tuple[int, int], titles: Sequence[str], rows: Sequence[str]) -> None:
    n = len(titles)
    axes = sheet.figure.add_axes((at[0] / sheet.width, 1 - (at[1] + n * BAND) / sheet.height, PANEL / sheet.width, n * BAND / sheet.height),
                                 facecolor=BACKGROUND)  # fmt: skip
    axes.set(ylim=(n - 0.5, -0.5), yticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(colors=TEXT, labelsize=TINY, length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for i in range(1, n, 2):
        axes.axhspan(i - 0.5, i + 0.5, color=SHADE, zorder=0, linewidth=0)
    axes.axvline(0, color=TEXT, linewidth=1.2, zorder=1)
    for k, row in enumerate(rows):
        own = k == len(rows) - 1
        colour, marker = _style(rows, row)
        step = (k - (len(rows) - 1) / 2) * 0.66 / max(len(rows) - 1, 1)
        for title, e in panel.numbers.get(row, {}).items():
            y = titles.index(title) + step
            if e.n > 1:
                axes.plot((e.low, e.high), (y, y), color=colour, linewidth=2.2 if own else 1.3, alpha=1 if own else 0.8, zorder=2 + own)
            axes.scatter([e.mean], [y], s=62 if own else 30, color=colour, marker=marker, linewidths=0, zorder=3 + own)
    axes.margins(x=0.06)


def _key(sheet: Sheet, results: Mapping[str, Any], rows: Sequence[str], left: int, top: int) -> None:
    sets, kept = subjects(results, next(iter(results["scans"].values()))), lesions(results)
    sheet.text(next(iter(results["scans"])), left, top - high(NAME), NAME, colour=BRIGHT)
    for i, row in enumerate(rows[::-1]):
        colour, marker = _style(rows, row)
        y = top + 2 * i * high(SMALL)
        sheet.page.scatter([left + 10], [y + high(SMALL) * 0.34], s=62 if not i else 40, c=colour, marker=marker)
        sheet.text(row, left + 30, y, SMALL, colour=BRIGHT if not i else TEXT, width=KEY - 50)
        numbers = [f"{_label(m, results)} {format_number(m, mean(sets[row][m]).mean)}" for m in ("psnr", "ssim") if sets[row].get(m)]
        numbers += [f"lesion {format_number(LESION, mean(kept[row]).mean)}"] if kept.get(row) else []
        sheet.text(" · ".join(numbers), left + 30, y + high(SMALL), TINY, colour=QUIET, width=KEY - 50)


def _table(panel: Panel, results: Mapping[str, Any]) -> Iterator[str]:
    titles = [t for t in results["scans"] if any(t in numbers for numbers in panel.numbers.values())]
    yield line(panel.title, *panel.numbers)
    yield line(*("---" for _ in ("", *panel.numbers)))
    for title in titles:
        yield line(title, *(_text(panel.metric, numbers.get(title)) for numbers in panel.numbers.values()))
    yield ""


def _text(metric: str, found: Estimate | None, sign: str = "+") -> str:
    if found is None:
        return "–"
    text = f"{sign if found.mean > 0 else ''}{format_number(metric, found.mean)}"
    return text if found.n < 2 else f"{text} [{format_number(metric, found.low)}, {format_number(metric, found.high)}]"


def _legend(results: Mapping[str, Any]) -> Iterator[str]:
    """How to read it, and of how many subjects it is."""
    yield "Intervals: 95 %, bootstrap over subjects; none of one"
    yield "Changes are paired where the subjects are the same"
    sizes = {title: len({s.rpartition("/")[0] or s for s in table["ids"]}) for title, table in results["scans"].items()}
    by: dict[int, list[str]] = {}
    for title, n in sizes.items():
        by.setdefault(n, []).append(title)
    most = max(by, key=lambda n: len(by[n]))
    yield f"Subjects: {most}" + "".join(f", but {n} in {', '.join(titles)}" for n, titles in by.items() if n != most)
    if lesions(results):
        yield f"Lesion: {results['metrics'][LESION]['meaning']}"


def _label(metric: str, results: Mapping[str, Any]) -> str:
    q = results["metrics"][metric]
    return " ".join(filter(None, (q["label"], q["unit"])))


def _known(found: Mapping[str, Mapping[str, Estimate | None]]) -> dict[str, dict[str, Estimate]]:
    return {row: {title: e for title, e in numbers.items() if e is not None} for row, numbers in found.items()}


def _style(rows: Sequence[str], row: str) -> tuple[str, str]:
    """The colour and marker of a row, the last of which is in front."""
    return (BRIGHT, "D") if row == rows[-1] else style([r for r in rows if r != rows[-1]], row)
