"""Content: what the page of a study shows, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...plots.numbers import format_number
from ...plots.sheet import table_of
from ...plots.window import factor
from ..bench import Result
from ..tables import shown, subjects

STEPS = 33
"""Entries of a table of colours; between them it is linear."""


def content(results: Mapping[str, Any], made: Iterable[Result]) -> dict[str, Any]:
    """What the page shows of what was `made`, of which `results` tell."""
    rows = list(results["rows"])
    found: dict[str, dict[int, list[Result]]] = {}
    for result in made:
        found.setdefault(result.cell.scans, {}).setdefault(result.cell.scan, []).append(result)
    sets = [{"title": title, "means": _means(rows, title, results),
             "scans": [_scan(i, scan_id, found[title][n], rows, results["scans"][title], results)
                       for i, (n, scan_id) in enumerate(zip(sorted(found[title]), table["ids"], strict=True))]}
            for title, table in results["scans"].items()]  # fmt: skip
    metrics = [
        {"label": q["label"], "unit": q["unit"], "meaning": q["meaning"], "better": q["better"]} for q in results["metrics"].values()
    ]
    colours = {"error": table_of("inferno", STEPS), "signed": table_of("signed", STEPS)}
    return {"rows": rows, "seeds": results["seeds"], "metrics": metrics, "colours": colours, "sets": sets}


def _means(rows: Sequence[str], title: str, results: Mapping[str, Any]) -> list[Any]:
    """By row and metric the mean as in the tables: text, value, interval, whether it is bold."""
    values, columns = subjects(results, results["scans"][title]), results["metrics"]
    against = [row for row in results["against"] if row in values]
    each = ([shown(m, row, values, against, columns) for m in columns] if row in values else None for row in rows)
    return [of and [s and [s.text, s.value, s.interval.strip(), s.best] for s in of] for of in each]


def _scan(index: int, scan_id: str, made: Sequence[Result], rows: Sequence[str], table: Mapping[str, Any],
          results: Mapping[str, Any]) -> dict[str, Any]:  # fmt: skip
    """One scan: how it is shown, what its cells share, and each cell with its numbers.

    Its peak is that of the reference, else of the brightest result; its error the white of error maps, else of standard deviations.
    """
    drawn = [r for r in made if "kinds" in r.pictures]
    known = [r.pictures for r in drawn if "reference" in r.pictures["shared"]]
    first = known[0] if known else max((r.pictures for r in drawn), key=lambda p: float(p["peak"]), default={})
    peak, window = first.get("peak") or 1.0, first.get("window") or [0.0, 1.0]
    kinds = [r.pictures["kinds"] for r in drawn]
    tops = [k["error"]["top"] for k in kinds if "error" in k] or [k["std"]["top"] for k in kinds if "std" in k]
    shape = {key: first.get(key) or default for key, default in (("size", [1, 1]), ("aspect", [1, 1]), ("frames", [""]))}
    cells = []
    for result in sorted(made, key=lambda r: (rows.index(r.cell.row), r.cell.seed)):
        at = index * len(results["seeds"]) + results["seeds"].index(result.cell.seed)
        values = {m: table["values"][result.cell.row][m][at] for m in results["metrics"]}
        numbers = [None if v is None else [format_number(m, v), v] for m, v in values.items()]
        cells.append({"row": rows.index(result.cell.row), "seed": result.cell.seed, "numbers": numbers, **_cell(result, shape)})
    folder = str(drawn[0].pictures["folder"]).rpartition("/")[0] if drawn else ""
    return {"id": scan_id, "peak": peak, "window": window, "error": window[1] / factor(tops, window[1]), "known": bool(known),
            **shape, "shared": list(_shared(drawn)), "folder": folder, "cells": cells}  # fmt: skip


def _cell(result: Result, shape: Mapping[str, Any]) -> dict[str, Any]:
    """Where a cell's record and pictures lie, and its shape where that is not the scan's; or why there are none."""
    if result.record is None:
        return {"error": f"failed: {(result.error or {}).get('message', '')}"}
    found: dict[str, Any] = {key: result.pictures.get(key) or empty for key, empty in (("folder", ""), ("kinds", {}), ("error", ""))}
    own = {key: result.pictures[key] for key in shape if key in result.pictures}
    return {"record": f"{result.folder}/record.json", **found, **(own if own != shape else {})}


def _shared(drawn: Sequence[Result]) -> Iterator[dict[str, Any]]:
    """References and first looks, each once; where rows have several, the first of these that has one is named."""
    for kind in ("reference", "first-look"):
        files: dict[str, tuple[str, Mapping[str, Any]]] = {}
        for result in drawn:
            if kind in result.pictures["shared"]:
                files.setdefault(result.pictures["shared"][kind]["file"], (result.cell.row, result.pictures["shared"][kind]))
        for row, one in files.values():
            yield {**one, "name": one["name"] if len(files) == 1 else f"{one['name']} of {row}"}
