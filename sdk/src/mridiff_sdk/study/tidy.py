"""Tidy: every number of a study on a row of its own, as CSV, and as Parquet where pyarrow is installed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mridiff.io.atomic import write_atomically

from .bench import Cell, Result
from .statistics import subject

HEADER = ("study", "scans", "row", "scan", "subject", "seed", "metric", "value")


def numbers(record: Mapping[str, Any]) -> dict[str, float]:
    """All numbers of a cell's record by word: metrics of "x" and extra ones by name, others as "quantity.name", and the cost."""
    found: dict[str, float] = dict(record["cost"])
    for what, metrics in record["metrics"].items():
        found |= {name if what in {"x", "extra"} else f"{what}.{name}": value for name, value in metrics.items()}
    return found


def tidy(name: str, cells: Iterable[Cell], found: Mapping[Cell, Result]) -> Iterator[tuple[Any, ...]]:
    """One row for each cell and number, in the order of HEADER."""
    for cell in cells:
        result = found[cell]
        if result.record is not None:
            for metric, value in numbers(result.record).items():
                yield name, cell.scans, cell.row, result.id, subject(result.id), cell.seed, metric, value


def write_tables(out: Path, rows: Sequence[tuple[Any, ...]]) -> None:
    """table.csv and, with the same rows, table.parquet: text, the seed as a whole number, the value as a float of 64 bits.

    Without pyarrow no table.parquet is left, so that none is older than table.csv.
    """
    with write_atomically(out / "table.csv") as path, path.open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        (out / "table.parquet").unlink(missing_ok=True)
        return
    types = {"seed": pyarrow.int64(), "value": pyarrow.float64()}
    schema = pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in HEADER])
    columns: Iterable[tuple[Any, ...]] = zip(*rows, strict=True) if rows else ((),) * len(HEADER)
    arrays = [pyarrow.array(column, schema.field(name).type) for name, column in zip(HEADER, columns, strict=True)]
    with write_atomically(out / "table.parquet") as path:
        parquet.write_table(pyarrow.Table.from_arrays(arrays, schema=schema), path)
