"""Comparison: methods side by side - pictures, errors, and a detail of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from .detail import Box, busiest
from .numbers import best, summary
from .panels import Panels, errors_label, panels, sizes, window_label
from .planes import Picture
from .sheet import ACCENT, BRIGHT, NAME, QUIET, SMALL, TINY, TITLE, Sheet, enlarged, line
from .window import grey

MARGIN, GAP, CELL, BAR, ZOOM = 48, 24, 400, 400, 3
COLUMNS = 6  # in one band; more methods go on in further bands


@dataclass(frozen=True, slots=True)
class Column:
    """One picture with its error, its scores and its cost in words; `best` where its PSNR is the highest."""

    name: str
    picture: Picture
    error: Picture | None = None
    scores: str = ""
    cost: str = ""
    best: bool = False


@dataclass(frozen=True, slots=True)
class _Layout:
    """Pixels: the size of a picture, its scale, and where the rows of a band begin."""

    size: tuple[int, int]
    scale: float
    cell: int
    errors: int
    detail: int
    band: int


def draw_comparison(
    path: Path,
    *,
    title: str,
    axes: tuple[str, ...],
    reference: NDArray[Any] | None,
    results: Mapping[str, NDArray[Any]],
    metrics: Mapping[str, Mapping[str, float]],
    cost: Mapping[str, Mapping[str, float]],
    voxel_size: Sequence[float] | None = None,
) -> None:
    """Write one PNG: the reference and every method's picture, error map and detail, in one window.

    Arrays are real or complex (*axes), without the sample axis; `metrics` and `cost` are by method. Raises DataError where
    shapes do not agree or there is no result.
    """
    view = panels(results, reference, axes, voxel_size=voxel_size)
    bands = wrapped(columns(view, metrics, cost), COLUMNS)
    count = len(bands[0])
    height, width, scale = enlarged(view.shape, 540 if count <= 4 else 400)
    layout = _layout((height, width), scale, errors=bool(view.errors))
    box = busiest(grey(list(view.pictures.values())[-1] if view.reference is None else view.reference), ZOOM)
    header = MARGIN + line(TITLE) + line(SMALL) + GAP
    across = max(2 * MARGIN + count * (layout.cell + GAP) - GAP, 2 * MARGIN + BAR)
    foot = header + len(bands) * layout.band
    with Sheet(path, across, foot + (0 if view.errors else 3 * line(TINY) + GAP)) as sheet:
        sheet.text(title, MARGIN, MARGIN, TITLE, colour=BRIGHT, weight="bold", width=across - 2 * MARGIN)
        words = f"{sizes(next(iter(results.values())), axes)} · last row: the frame, × {ZOOM} · one window"
        sheet.text(words, MARGIN, MARGIN + line(TITLE), SMALL, colour=QUIET, width=across - 2 * MARGIN)
        for i, band in enumerate(bands):
            for j, column in enumerate(band):
                top, left = header + i * layout.band, MARGIN + j * (layout.cell + GAP)
                _draw(sheet, view, column, layout, (top, left), box, framed=i == j == 0)
        if view.errors:  # the reference has no error: its cell holds the colour bars
            middle, bar = header + layout.errors + layout.size[0] // 2, layout.cell - GAP
            sheet.bar(window_label(view), MARGIN, middle - 2 * line(NAME) - GAP, bar, view.window, view.cmap)
            sheet.bar(errors_label(view), MARGIN, middle + GAP, bar, view.scale, "inferno")
        else:
            sheet.bar(window_label(view), MARGIN, foot, BAR, view.window, view.cmap)


def columns(view: Panels, metrics: Mapping[str, Mapping[str, float]], cost: Mapping[str, Mapping[str, float]]) -> list[Column]:
    """The reference, if there is one, and every method, in the order given."""
    winners = best("psnr", {name: metrics.get(name, {}).get("psnr") for name in view.pictures})
    first = [] if view.reference is None else [Column("reference", view.reference)]
    return first + [
        Column(name, picture, view.errors.get(name), summary(metrics.get(name, {}), ("psnr", "ssim")),
               summary(cost.get(name, {}), ("nfe", "operator_calls", "seconds")), name in winners)
        for name, picture in view.pictures.items()
    ]  # fmt: skip


def wrapped(items: Sequence[Column], most: int) -> list[list[Column]]:
    """Items in as few bands of at most `most` as hold them, about equally many in each."""
    bands = -(-len(items) // most)
    each = -(-len(items) // bands)
    return [list(items[i : i + each]) for i in range(0, len(items), each)]


def _layout(size: tuple[int, int], scale: float, *, errors: bool) -> _Layout:
    first = line(NAME) + size[0] + 12 + line(SMALL) + line(TINY) + GAP // 2
    second = first + (size[0] + GAP if errors else 0)
    return _Layout(size, scale, max(size[1], CELL), first, second, second + size[0] + 2 * GAP)


def _draw(sheet: Sheet, view: Panels, column: Column, layout: _Layout, corner: tuple[int, int], box: Box, *, framed: bool) -> None:
    top, left = corner
    sheet.text(column.name, left, top, NAME, colour=BRIGHT, weight="bold" if column.best else "normal", width=layout.cell)
    sheet.picture(column.picture, left, top + line(NAME), layout.size, view.window, view.cmap)
    if framed:
        corner_of_box = left + box.left * layout.scale, top + line(NAME) + box.top * layout.scale
        sheet.frame(*corner_of_box, (box.height * layout.scale, box.width * layout.scale), ACCENT)
    below = top + line(NAME) + layout.size[0] + 12
    sheet.text(column.scores, left, below, SMALL, colour=ACCENT if column.best else BRIGHT, width=layout.cell)
    sheet.text(column.cost, left, below + line(SMALL), TINY, colour=QUIET, width=layout.cell)
    if column.error is not None:
        sheet.picture(column.error, left, top + layout.errors, layout.size, view.scale, "inferno")
    part = box.of(column.picture)
    size = (round(part.shape[0] * layout.scale * ZOOM) or 1, round(part.shape[1] * layout.scale * ZOOM) or 1)
    sheet.picture(part, left, top + layout.detail, size, view.window, view.cmap, ACCENT)
