"""Engine: a study from its declaration to what it leaves in a folder; a killed one goes on, and makes nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from mridiff.errors import ConfigError, Mistake
from mridiff.pipeline.folder import Folder
from mridiff.plugins.registry import Registry

from .bench import Bench, Cell, Result
from .cluster import Cluster
from .picture import draw
from .results import collected, write
from .robustness import Robustness
from .study import Study
from .tables import text_of
from .tidy import numbers, tidy, write_tables
from .workers import Address, in_processes

Report = Callable[["Progress", Result | None], None]
"""Called before the first cell, with None, and after each."""


@dataclass(frozen=True)
class Part:
    """How much of a study is made: some rows (all if none is named), the first scans of each set, the first seeds."""

    rows: tuple[str, ...] = ()
    scans: int | None = None
    seeds: int | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return self == Part()


@dataclass
class Progress:
    """Cells that are done, and the seconds that those to come will take, by what their rows took so far."""

    cells: Sequence[Cell]
    workers: int = 1
    done: dict[Cell, Result] = field(default_factory=dict)

    def left(self) -> float | None:
        """Seconds, at least those of the longest cell; None as long as nothing is known."""
        seconds: dict[str, list[float]] = {}
        for cell, result in self.done.items():
            if result.record is not None:
                seconds.setdefault(cell.row, []).append(result.record["cost"]["seconds"])
        known = {row: sum(s) / len(s) for row, s in seconds.items()}
        if not known:
            return None
        other = sum(known.values()) / len(known)
        to_come = [known.get(c.row, other) for c in self.cells if c not in self.done]
        return max(sum(to_come) / self.workers, *to_come, 0.0)


def measure(name: str, study: Study | Robustness, registry: Registry, out: Path, data: Path | None = None, part: Part | None = None, *,
            workers: int = 1, scheduler: str = "", threads: int = 1, device: str = "cpu",
            report: Report = lambda *_: None) -> dict[str, Any]:  # fmt: skip
    """Make all cells of a study that are not made yet, write tables and results into `out`, and return the results.

    With several workers, a Dask `scheduler`, or peak memory as a column, a Study has to be the declared one of that name, by which
    processes find it. A cell that fails is noted, the others go on. Raises ConfigError for a wrong declaration, before anything is
    computed, and where `out` holds another study; DataError where it cannot be written, or no scheduler answers.
    """
    part = part or Part()
    source, head = (name, {"study": name}) if isinstance(study, Study) else (study, {"study": name, "robustness": asdict(study)})
    study = study if isinstance(study, Study) else study(registry)
    study.check(name, registry)
    if unknown := [row for row in part.rows if row not in study.rows]:
        raise ConfigError([Mistake("--only", f"no row {row!r}; rows: {', '.join(study.rows)}") for row in unknown])
    apart = "peak_memory_mb" in study.metrics
    if scheduler and apart:
        raise ConfigError([Mistake("--scheduler", "peak memory is a column: each cell needs a process of its own, and no Dask worker is")],
                          hint="Measure this study with --workers.")  # fmt: skip
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with ExitStack() as held:
            cluster = held.enter_context(Cluster(scheduler)) if scheduler else None
            folder = held.enter_context(Folder(out, head))
            bench = Bench(study, registry, data, out, folder.mark, device)
            bench.clear()
            progress = Progress(list(cells(study, bench, part)), workers if cluster is None else max(1, len(cluster)))
            report(progress, None)
            address = Address(source, data, out, folder.mark, threads, device)
            if cluster is not None:
                made = cluster(address, progress.cells)
            else:
                made = in_processes(address, progress.cells, workers, apart) if workers > 1 or apart else map(bench, progress.cells)
            for result in made:
                progress.done[result.cell] = result
                report(progress, result)
            results = collected(name, study, progress.cells, progress.done)
            results["failed"] += _unknown(study, progress.done.values())
            write_tables(out, list(tidy(name, progress.cells, progress.done)))
            write(out, results, text_of(results))
            draw(out / "quality.png", results)
            return results
    finally:
        torch.set_num_threads(before)


def cells(study: Study, bench: Bench, part: Part) -> Iterator[Cell]:
    """All cells of a part of a study, scan by scan, so that a scan is read once and time left is known early."""
    rows = [row for row in study.rows if not part.rows or row in part.rows]
    for title in study.scans:
        for scan in range(len(bench.scans(title)))[: part.scans]:
            for row in rows:
                yield from (Cell(title, scan, row, seed) for seed in study.seeds[: part.seeds])


def _unknown(study: Study, results: Iterable[Result]) -> list[Mapping[str, str]]:
    """Columns that no cell has a number for."""
    found = {word: None for r in results if r.record is not None for word in numbers(r.record)}
    missing = [m for m in study.columns if m not in found] if found else []
    return [{"cell": f"column {m}", "message": f"no cell has such a number; there are {', '.join(found)}"} for m in missing]
