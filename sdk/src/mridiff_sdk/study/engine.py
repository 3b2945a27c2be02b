"""Engine: a study from its declaration to what it leaves in a folder; a killed one goes on, and makes nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import torch

from mridiff.errors import ConfigError, Mistake, MridiffError
from mridiff.pipeline.folder import Folder
from mridiff.pipeline.services import service
from mridiff.plugins.registry import Registry

from .bench import Bench, Cell, Result
from .beside import side_by_side
from .cluster import Cluster
from .picture import draw
from .progress import Progress, Report
from .results import collected, write
from .robustness import Robustness
from .study import Study
from .tables import text_of
from .tidy import numbers, tidy, write_tables
from .viewer import write_viewer
from .workers import Address, in_processes


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


class Page:
    """The page of a study that is being measured, written anew when a scan has all its cells, as seldom as takes little of the time."""

    SHARE = 0.03

    def __init__(self, path: Path, name: str, study: Study, progress: Progress) -> None:
        self.path, self.name, self.study, self.progress = path, name, study, progress
        self.waiting = Counter((cell.scans, cell.scan) for cell in progress.cells)
        self.due = 0.0

    def so_far(self, cell: Cell) -> None:
        """Take note of a cell that is done."""
        self.waiting[cell.scans, cell.scan] -= 1
        to_come = len(self.progress.cells) - len(self.progress.done)
        if not to_come or self.waiting[cell.scans, cell.scan] or (begun := monotonic()) < self.due:
            return
        cells = [c for c in self.progress.cells if not self.waiting[c.scans, c.scan]]
        done = {c: self.progress.done[c] for c in cells}
        write_viewer(self.path, collected(self.name, self.study, cells, done), done.values(), to_come)
        self.due = monotonic() + (monotonic() - begun) / self.SHARE


def measure(name: str, study: Study | Robustness, registry: Registry, out: Path, data: Path | None = None, part: Part | None = None, *,
            workers: int = 1, scheduler: str = "", threads: int = 1, device: str = "cpu", flat: bool = False,
            report: Report = lambda *_: None, before: Callable[[Bench], None] = lambda _: None) -> dict[str, Any]:  # fmt: skip
    """Make all cells of a study that are not made yet, write tables, results and page into `out`, and return the results.

    With several workers, a Dask `scheduler`, or peak memory as a column, a Study has to be the declared one of that name, by which
    processes find it. A cell that fails is noted, the others go on. `flat` leaves `ROW/SCAN` with all that `recon` writes, of one
    set of scans and one seed; `before` is called before the first cell, and may refuse. Raises ConfigError for a wrong declaration, before
    anything is computed, and where `out` holds another study; DataError where it cannot be written, or the scheduler does not answer.
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
    had = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with ExitStack() as held:
            cluster = held.enter_context(Cluster(scheduler)) if scheduler else None
            folder = held.enter_context(Folder(out, head))
            bench = Bench(study, registry, data, out, folder.mark, device, flat)
            bench.clear()
            try:
                before(bench)
            except MridiffError:
                folder.discard()
                raise
            progress = Progress(list(cells(study, bench, part)), workers if cluster is None else max(1, len(cluster)))
            report(progress, None)
            address = Address(source, data, out, folder.mark, threads, device)
            if cluster is not None:
                made = cluster(address, progress.cells)
            elif workers > 1 or apart:
                made = in_processes(address, progress.cells, workers, apart)
            else:
                made = (bench(cell, progress.step(cell, report)) for cell in progress.cells)
            page = Page(out / "index.html", name, study, progress)
            for result in made:
                progress.add(result)
                report(progress, result)
                page.so_far(result.cell)
            results = collected(name, study, progress.cells, progress.done)
            results["failed"] += _unknown(study, progress.done.values())
            results["noted"] = [*_noted(progress.done.values()), *(_volumes(out, progress.done.values(), folder.mark) if flat else ())]
            write_tables(out, list(tidy(name, progress.cells, progress.done)))
            write(out, results, text_of(results))
            draw(out / "quality.png", results)
            _beside(out, bench, progress)
            write_viewer(page.path, results, progress.done.values())
            return results
    finally:
        torch.set_num_threads(had)


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


def _beside(out: Path, bench: Bench, progress: Progress) -> None:
    """The rows on the first scan, but those that alter it."""
    first = next(iter(progress.cells), None)
    with suppress(MridiffError):  # the scan may have been readable for a worker alone; its numbers are there
        if first is not None:
            plain = (r for c, r in progress.done.items() if not getattr(bench.study.rows[c.row], "scan", None))
            mine = (r for r in plain if (r.cell.scans, r.cell.scan) == (first.scans, first.scan))
            side_by_side(out / "rows.png", out, bench.scans(first.scans)[first.scan], mine)


def _volumes(out: Path, results: Iterable[Result], mark: str) -> Iterator[str]:
    """Slices that belong together as one file, for each row as `recon` writes them; what is to be noted of that."""
    if (volumes := service("volumes")) is None:
        return
    rows: dict[Path, list[Path]] = {}
    for result in results:
        if result.record is not None:
            rows.setdefault((out / result.folder).parent, []).append(out / result.folder / "reconstruction.h5")
    for folder, files in rows.items():
        yield from volumes(folder, files, mark)


def _noted(results: Iterable[Result]) -> Iterator[str]:
    """What readers noted of the scans, each sentence once, and what was there and was made again."""
    made = [r for r in results if r.record is not None]
    yield from dict.fromkeys(note for r in made for note in r.record["notes"])  # type: ignore[index]
    yield from (f"{r.id}, {r.cell.row} was there and was made again: {r.again}" for r in made if r.again)
