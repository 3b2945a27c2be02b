"""Beside: the rows of a study side by side on one scan, as a picture that needs no page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mridiff.interfaces import Scan

from ..io.hdf5 import open_hdf5
from ..plots.comparison import draw_comparison
from .bench import Result


def side_by_side(path: Path, out: Path, scan: Scan, made: Iterable[Result]) -> bool:
    """Write the picture of what was `made` of a scan, each row once, those of the first one's shape; False where there is none."""
    results: dict[str, Any] = {}
    of: dict[str, Result] = {}
    about: dict[str, Any] = {}
    for result in made:
        if result.record is None or result.cell.row in of:
            continue
        with open_hdf5(out / result.folder / "reconstruction.h5") as file:
            values, about = file.read("reconstruction"), about or file.attributes()
            if list(file.attributes()["axes"]) == list(about["axes"]) and all(v.shape == values.shape for v in results.values()):
                results[result.cell.row], of[result.cell.row] = values, result
    if not results:
        path.unlink(missing_ok=True)
        return False
    records = {row: result.record or {} for row, result in of.items()}
    truth = scan.truth["x"].data[0].numpy() if "x" in scan.truth else None
    known = truth is not None and truth.shape == next(iter(results.values())).shape
    draw_comparison(path, title=scan.id, axes=tuple(map(str, about["axes"])), reference=truth if known else None,
                    results=results, metrics={row: r["metrics"].get("x", {}) for row, r in records.items()},
                    cost={row: r["cost"] for row, r in records.items()}, voxel_size=about.get("voxel_size_mm"))  # fmt: skip
    return True
