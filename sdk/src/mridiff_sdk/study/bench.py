"""Bench: where one process makes cells of a study - its rows built, its scans open, each once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from mridiff.errors import DataError, MridiffError, boundary
from mridiff.interfaces import Field, Scan, Space
from mridiff.pipeline.cost import Counter
from mridiff.pipeline.method import Method, Reconstruction, Watch, score
from mridiff.pipeline.plan import plan
from mridiff.pipeline.record import describe
from mridiff.pipeline.run import cell, folder_name
from mridiff.pipeline.services import providers
from mridiff.plugins.registry import Registry

from .pictures import FOLDER, pictures
from .scans import Latest, opened
from .study import Altered, Study, identity


@dataclass(frozen=True)
class Cell:
    """One number of a set of scans, one row, one seed."""

    scans: str
    scan: int
    row: str
    seed: int

    def __str__(self) -> str:
        return f"{self.scans}, scan {self.scan}, {self.row}, seed {self.seed}"


@dataclass(frozen=True)
class Result:
    """What became of a cell: the record, whether it was there already or why it was made again, or the error as plain data.

    `folder` is the cell's, in that of the study; `pictures` what the page shows of it, with the folder of these.
    """

    cell: Cell
    record: Mapping[str, Any] | None = None
    kept: bool = False
    again: str = ""
    error: Mapping[str, Any] | None = None
    id: str = ""
    folder: str = ""
    pictures: Mapping[str, Any] = field(default_factory=dict)


class Bench:
    """A study in one process; `out` is its folder, `mark` begins the names of what is half-written in it.

    `flat` is the order of folders of a study of one set of scans and one seed, with all that `recon` leaves in them.
    """

    def __init__(
        self, study: Study, registry: Registry, data: Path | None, out: Path, mark: str, device: str = "cpu", flat: bool = False
    ) -> None:
        self.study, self.registry, self.data, self.out, self.mark, self.device, self.flat = study, registry, data, out, mark, device, flat
        self._scans: dict[str, Latest] = {}
        self._rows: dict[str, Ready] = {}

    def scans(self, title: str) -> Latest:
        """The scans of that title; raises what keeps them from being opened."""
        if title not in self._scans:
            with boundary(f"the scans {title!r} cannot be opened"):
                self._scans[title] = opened(self.study.scans[title], self.registry, self.data)
        return self._scans[title]

    def clear(self) -> None:
        """Remove what a run that was killed left half-written."""
        for leftover in list(self.out.rglob(f"{self.mark}*")):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink(missing_ok=True)

    def __call__(self, which: Cell, watch: Watch | None = None) -> Result:
        """Make a cell, or find it made; an error of its row or scan is in the result."""
        try:
            ready = self.ready(which.row)
            scans = self.scans(which.scans)
        except MridiffError as error:
            return Result(which, error=error.as_dict())
        scans_folder, row, seed = folder_name(which.scans), folder_name(which.row), f"seed-{which.seed}"
        folder = self.out / row if self.flat else self.out / "cells" / scans_folder / row / seed
        with boundary(f"cannot write to {folder}"):
            folder.mkdir(parents=True, exist_ok=True)

        def make(scan: Scan, watch: Callable[..., None] | None = None) -> Reconstruction:
            return ready(scan, which.seed, watch)

        head, also = ready.head(which.seed), {"dataset": scans.node} if self.flat else {}
        outcome = cell(make, scans, which.scan, head, lambda name, _: folder / name, self.mark, watch, pictures=self.flat, also=also)
        if outcome.record is None:
            return Result(which, error=None if outcome.error is None else outcome.error.as_dict(), id=outcome.scan)
        mine = folder / folder_name(outcome.scan)
        drawn = Path(FOLDER, scans_folder, folder_name(outcome.scan), f"{row}.{seed}")
        shown: dict[str, Any]
        try:
            with boundary("its pictures cannot be drawn"):
                shown = pictures(self.out / drawn, mine, outcome.record, lambda: ready.truth(scans[which.scan]), self.mark)
        except MridiffError as error:  # the number stands
            shown = {"error": error.message}
        return Result(which, outcome.record, outcome.kept, outcome.again, None, outcome.scan, mine.relative_to(self.out).as_posix(),
                      {**shown, "folder": drawn.as_posix()})  # fmt: skip

    def ready(self, name: str) -> Ready:
        """The row of that name, built once; raises what keeps it from being built."""
        if name not in self._rows:
            with boundary(f"the row {name!r} cannot be built"):
                self._rows[name] = Ready(self.study, name, self.registry, self.device)
        return self._rows[name]


class Ready:
    """A row of a study, built; calling it reconstructs a scan and adds the extra metrics."""

    def __init__(self, study: Study, name: str, registry: Registry, device: str) -> None:
        row = study.rows[name]
        self.row = row if callable(row) or isinstance(row, Altered) else Altered(row)
        self.extra = study.extra
        self.method: Method | None = None
        if isinstance(self.row, Altered):
            changes = {"dataset": None} | ({"device": device} if device != "cpu" else {})
            self.method = Method(plan(self.row.source, registry, changes))
            if self.row.method is not None:
                self.row.method(self.method)

    @cached_property
    def _made_from(self) -> dict[str, Any]:
        extra = {name: identity(f) for name, f in self.extra.items()}
        if self.method is None:
            here = {"services": providers(), "weights_sha256": {}, "device": "cpu", "threads": torch.get_num_threads()}
            return {"config": identity(self.row), "versions": {"torch": torch.__version__}, **here, "extra": extra}
        assert isinstance(self.row, Altered)
        altered = {k: identity(f) for k, f in (("method", self.row.method), ("scan", self.row.scan)) if f is not None}
        return {**describe(self.method), "altered": altered, "extra": extra}

    def head(self, seed: int) -> dict[str, Any]:
        """What the row's cells of a seed are made from, beside their scans."""
        return {**self._made_from, "config": {**self._made_from["config"], "seed": seed}}

    def __call__(self, scan: Scan, seed: int, watch: Callable[..., None] | None = None) -> Reconstruction:
        """The reconstruction with its metrics."""
        if self.method is None:
            result = self._by_function(scan, seed)
        else:
            alter = getattr(self.row, "scan", None)
            result = self.method(scan if alter is None else alter(scan), seed=seed, watch=watch)
        if self.extra:
            more = {name: float(f(result, scan)) for name, f in self.extra.items()}
            result = replace(result, metrics={**result.metrics, "extra": more})
        return result

    def truth(self, scan: Scan) -> Field | None:
        """The reference that the row is scored against: of the scan as the row alters it."""
        alter = getattr(self.row, "scan", None)
        return (scan if alter is None else alter(scan)).truth.get("x")

    def _by_function(self, scan: Scan, seed: int) -> Reconstruction:
        assert callable(self.row)
        with torch.no_grad(), Counter() as counter:
            made = self.row(scan, seed)
        if not isinstance(made, Reconstruction):
            if "x" not in scan.truth or not isinstance(made, torch.Tensor):
                raise DataError(
                    f"a row's function gives a Reconstruction, or a tensor in the space of the truth x, not {type(made).__name__}"
                )
            made = Reconstruction(scan.id, made.mean(0, keepdim=True), made, scan.truth["x"].axes, 1.0)
        if not made.cost.seconds:
            made = replace(made, cost=counter.cost)
        if not made.metrics:
            made = replace(made, metrics=score(made, scan, Space(made.axes, unit=scan.truth["x"].unit if "x" in scan.truth else "")))
        return made
