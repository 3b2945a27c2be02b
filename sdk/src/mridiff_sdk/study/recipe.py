"""The study that every method has: as it ships, on the scans of its recipe, beside others on the same scans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .study import Row, Study


def on_recipe(name: str, *beside: str, operator: str = "") -> Study:
    """The method of that name on the scans of its recipe, beside methods that reconstruct them by `operator` (each by its own if empty).

    Peak memory is a column, so each cell has a process of its own.
    """
    other: Mapping[str, Any] = {"operator": {"use": operator}} if operator else {}
    rows: dict[str, Row] = {row: {"recipe": row, **other} for row in beside}
    return Study(
        title=f"{name} as it ships, on the scans of its recipe",
        rows={**rows, name: name},
        scans={"scans of the recipe": name},
        metrics=("psnr", "ssim", "nmse", "nfe", "operator_calls", "seconds", "peak_memory_mb"),
        against=(name,),
    )
