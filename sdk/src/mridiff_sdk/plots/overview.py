"""Overview: one scan at a glance - reference, baseline, result, errors, uncertainty and how it was sampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .numbers import format_number, summary
from .panels import Panels, errors_label, panels, sizes, window_label
from .planes import Picture, flatten
from .sheet import BRIGHT, NAME, QUIET, SMALL, TITLE, Sheet, enlarged, line
from .window import Window, grey, window_of

MARGIN, GAP, SIDE, CELL, TARGET = 48, 28, 400, 460, 540  # pixels
SCORES = ("psnr", "ssim", "nmse")


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture with its name above and a line below."""

    name: str
    picture: Picture
    below: str = ""
    window: Window | None = None
    """Where it is an error, an uncertainty or something else that was found: its own, in colours; else that of all pictures."""


def draw_overview(
    path: Path,
    *,
    title: str,
    axes: tuple[str, ...],
    result: NDArray[Any],
    reference: NDArray[Any] | None,
    baseline: NDArray[Any] | None,
    baseline_name: str,
    std: NDArray[Any] | None,
    maps: Mapping[str, tuple[NDArray[Any], str]] | None = None,
    found: Mapping[str, tuple[NDArray[Any], str]] | None = None,
    metrics: Mapping[str, Mapping[str, float]],
    sampling: NDArray[Any] | None,
    voxel_size: Sequence[float] | None = None,
) -> None:
    """Write one PNG of a scan.

    Arrays are real or complex (*axes), without the sample axis; `sampling` (..., ky, kx) is non-zero where k-space was
    measured. `maps` are further magnitudes in the colours of errors, by name, with a line about each, and `found` what a method found
    besides its result, each in a window of its own, with its unit. `metrics` holds "x" for the result, and "baseline". Raises DataError
    where shapes do not agree.
    """
    shown = ({} if baseline is None else {"baseline": baseline}) | {"result": result}
    known = maps or {}
    view = panels(shown, reference, axes, std=std, maps={name: array for name, (array, _) in known.items()}, voxel_size=voxel_size)
    names = {"baseline": baseline_name, "result": "result"}
    scores = {"result": metrics.get("x", {}), "baseline": metrics.get("baseline", {})}
    told = SCORES[:2] if "modality" in axes else SCORES  # one number for each of them fills the line
    rows = cells(view, names, {k: summary(v, told) for k, v in scores.items()} | {name: words for name, (_, words) in known.items()})
    also: list[Cell | None] = [_found(name, flatten(a, axes, voxel_size), unit) for name, (a, unit) in (found or {}).items()]
    if also and rows[-1][0] is None:
        rows[-1][0] = also.pop(0)
    rows += [also] if also else []
    height, width, scale = enlarged(view.shape, TARGET)
    column, row = max(width, CELL), line(NAME) + height + 12 + line(SMALL)
    beside = all(rows[-1])  # the legend goes beside the pictures unless a cell is free for it
    right = MARGIN + max(map(len, rows)) * (column + GAP)
    header = MARGIN + line(TITLE) + line(SMALL) + GAP
    legend = _legend_height(sampling, view)
    tall = max(len(rows) * (row + GAP), legend if beside else row + GAP + legend)
    with Sheet(path, right + (SIDE + GAP if beside else 0) + MARGIN - GAP, header + tall + MARGIN - GAP) as sheet:
        sheet.text(title, MARGIN, MARGIN, TITLE, colour=BRIGHT, weight="bold", width=sheet.width - 2 * MARGIN)
        about = sizes(result, axes) + " · the same window in all pictures" + (f" · shown {scale:.3g} times as large" if scale != 1 else "")
        sheet.text(about, MARGIN, MARGIN + line(TITLE), SMALL, colour=QUIET, width=sheet.width - 2 * MARGIN)
        for i, cells_of_row in enumerate(rows):
            for j, cell in enumerate(cells_of_row):
                left, top = MARGIN + j * (column + GAP), header + i * (row + GAP)
                if cell is not None:
                    _draw(sheet, view, cell, left, top, (height, width), column)
        if beside:
            _legend(sheet, view, sampling, right, header, SIDE)
        else:
            _legend(sheet, view, sampling, MARGIN, header + row + GAP, SIDE)


def cells(view: Panels, names: Mapping[str, str], below: Mapping[str, str]) -> list[list[Cell | None]]:
    """Rows of cells: pictures; under a reference the uncertainty and the errors, each under its picture; and the other maps, if any."""
    pictures: list[Cell | None] = [Cell(names[k], p, below.get(k, "")) for k, p in view.pictures.items()]
    label = f"uncertainty × {view.factor}"
    spread = None if view.std is None else Cell(label, view.std, "standard deviation over samples", view.scale)
    more: list[list[Cell | None]] = [[Cell(f"{k} × {view.factor}", p, below.get(k, ""), view.scale) for k, p in view.maps.items()]]
    more = more if view.maps else []
    if view.reference is None:
        return [pictures + ([spread] if spread else []), *more]
    errors = [Cell(f"error × {view.factor} · {names[k]}", e, window=view.scale) for k, e in view.errors.items()]
    return [[Cell("reference", view.reference), *pictures], [spread, *errors], *more]


def _found(name: str, picture: Picture, unit: str) -> Cell:
    window = window_of(picture := grey(picture))
    return Cell(name, picture, f"{format_number('', window.low)} to {format_number('', window.high)} {unit}".rstrip(), window)


def sampled(sampling: NDArray[Any]) -> tuple[Picture, str]:
    """The sampling mask as a picture, the middle of every axis but the last two, and how much of k-space it measures."""
    mask = np.abs(np.atleast_1d(sampling)) > 0
    share = float(mask.mean())
    while mask.ndim > 2:
        mask = mask[mask.shape[0] // 2]
    if mask.ndim == 1 or mask.shape[0] == 1:
        mask = np.tile(mask.reshape(1, -1), (mask.size, 1))
    words = f"{share:.1%} of k-space" + (f", R = {format_number('', 1 / share)}" if share else "")
    return mask.astype(np.float64), words


def _draw(sheet: Sheet, view: Panels, cell: Cell, left: int, top: int, size: tuple[int, int], column: int) -> None:
    window, cmap = (view.window, view.cmap) if cell.window is None else (cell.window, "inferno")
    sheet.text(cell.name, left, top, NAME, colour=BRIGHT, width=column)
    sheet.picture(cell.picture, left, top + line(NAME), size, window, cmap)
    sheet.text(cell.below, left, top + line(NAME) + size[0] + 12, SMALL, width=column)


def _legend(sheet: Sheet, view: Panels, sampling: NDArray[Any] | None, left: int, top: int, width: int) -> None:
    """How k-space was sampled, and the colour bars."""
    if sampling is not None:
        mask, words = sampled(sampling)
        sheet.text("sampling", left, top, NAME, colour=BRIGHT, width=width)
        size = _mask_size(mask)
        sheet.picture(mask, left, top + line(NAME), size, Window(0.0, 1.0), "gray", QUIET)
        sheet.text(words, left, top + line(NAME) + size[0] + 12, SMALL, width=width)
        top += line(NAME) + size[0] + 12 + line(SMALL) + GAP
    top += sheet.bar(window_label(view), left, top, width, view.window, view.cmap) + GAP // 2
    if view.errors:
        top += sheet.bar(errors_label(view) + (" and uncertainty" if view.std is not None else ""), left, top, width, view.scale, "inferno")
    elif view.std is not None:
        sheet.bar(f"uncertainty × {view.factor}", left, top, width, view.scale, "inferno")


def _mask_size(mask: Picture) -> tuple[int, int]:
    return enlarged(mask.shape, 260)[:2]


def _legend_height(sampling: NDArray[Any] | None, view: Panels) -> int:
    """Pixels that the legend needs."""
    mask = 0 if sampling is None else line(NAME) + _mask_size(sampled(sampling)[0])[0] + 12 + line(SMALL) + GAP
    return mask + (1 if not view.errors and view.std is None else 2) * 90 + 2 * GAP
