"""Card: what came out of a training, as a page and a picture, made of its log and of the header of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mridiff.io.atomic import write_atomically

from .log import read_log

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FACTS = ("sha256", "licence", "component", "seed", "command", "started_from", "updates", "hours")
PROGRESS = {"step", "loss", "rate", "seconds"}


def write_card(folder: Path, name: str, facts: Mapping[str, str], parameters: int) -> None:
    """Write card.md and, where there is a log, curve.png into the folder of a training that is over."""
    rows = read_log(folder)
    drawn = draw_curve(rows, folder / "curve.png")
    size = (folder / "weights.safetensors").stat().st_size / 1e6
    table = [f"| {key.replace('_', ' ')} | {facts[key].replace('|', '/')} |" for key in FACTS if key in facts]
    lines = [f"# {name}", "", f"{parameters / 1e6:.2f} M parameters, {size:.2f} MB.", "", "| | |", "|---|---|", *table, "",
             "## Data", "", facts.get("data", "The training states nothing about its data."), "", *_quality(rows)]  # fmt: skip
    lines += ["## Learning curve", "", "![loss and validation against updates](curve.png)", ""] if drawn else []
    lines += ["## Configuration", "", "```json", facts["config"], "```"] if "config" in facts else []
    with write_atomically(folder / "card.md") as temporary:
        temporary.write_text("\n".join(lines).rstrip() + "\n")


def figures(rows: list[dict[str, float]]) -> dict[str, list[tuple[float, float]]]:
    """The validation figures by name, each as (update, value)."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        for key, value in row.items():
            if key not in PROGRESS and not key.startswith("loss_"):
                found.setdefault(key, []).append((row["step"], value))
    return found


def _quality(rows: list[dict[str, float]]) -> list[str]:
    found = figures(rows)
    if not found:
        return []
    ends = [(name, points[0], points[-1]) for name, points in found.items()]
    table = [f"| {name} | {first[1]:.4g} ({first[0]:.0f}) | {last[1]:.4g} ({last[0]:.0f}) |" for name, first, last in ends]
    return ["## Validation", "", "| figure | first (update) | last (update) |", "|---|---|---|", *table, ""]


def draw_curve(rows: list[dict[str, float]], path: Path) -> bool:
    """Draw losses and validation figures against updates and hours; returns whether there was anything to draw."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    losses = {key: [(r["step"], r[key]) for r in rows if key in r] for r in rows for key in r if key.startswith("loss")}
    if not losses:
        return False
    found = figures(rows)
    figure = Figure(figsize=(11 if found else 5.5, 4), layout="constrained")
    panels = figure.subplots(1, 2 if found else 1, squeeze=False)[0]
    for axes, curves, marker in zip(panels, (losses, found), ("", "."), strict=False):
        axes.set_prop_cycle(color=[colormaps["tab20"](i) for i in range(20)])
        for name, points in curves.items():
            axes.plot(*zip(*points, strict=True), marker=marker, label=name, linewidth=1)
        axes.set(xlabel="updates")
        axes.grid(alpha=0.3)
        _hours(axes, rows)
        if len(curves) > 1 or curves is found:
            axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    positive = all(value > 0 for points in losses.values() for _, value in points)
    panels[0].set(ylabel="loss", yscale="log" if positive else "linear")
    with write_atomically(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")
    return True


def _hours(axes: Axes, rows: list[dict[str, float]]) -> None:
    """A second scale above, of the hours that updates take on average; none where the log does not tell them."""
    last = next((row for row in reversed(rows) if row.get("seconds")), None)
    if last:
        pace = last["seconds"] / 3600 / last["step"]
        there_and_back = (lambda updates: np.multiply(updates, pace), lambda hours: np.divide(hours, pace))
        axes.secondary_xaxis("top", functions=there_and_back).set_xlabel("hours at the mean pace")
