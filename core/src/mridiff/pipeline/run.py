"""Run: many scans into one folder; a killed run resumes, loses nothing and does nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError, MridiffError, boundary
from ..interfaces.dataset import Dataset
from .folder import Folder, folder_name
from .method import Method, Reconstruction, Watch
from .output import write_scan
from .record import describe, now, origin, recall, scan_record, write_json
from .services import service

__all__ = ["Outcome", "cell", "folder_name", "run"]
_claim = Folder
LOST = "Check that the folder is still there, and that the disk has space."


@dataclass(frozen=True)
class Outcome:
    """What became of one scan: its record, whether it was there already (or why it was made again), or the error that stopped it."""

    scan: str
    record: Mapping[str, Any] | None = None
    kept: bool = False
    again: str = ""
    error: MridiffError | None = None


def run(method: Method, dataset: Dataset, out: Path, watch: Watch | None = None) -> Iterator[Outcome]:
    """Reconstruct every scan of a dataset into `out`, one outcome per scan; `out/record.json` is complete at the end.

    A scan that fails is reported, the rest go on; one whose results are there is kept if data, reference and files are as its record says.
    Raises ConfigError if `out` holds a run of another configuration, DataError if another writes to it, or it cannot be written.
    """
    head = describe(method)
    with _claim(out, head) as folder:
        outcomes: list[Outcome] = []
        for index in range(len(dataset)):
            outcomes.append(cell(method, dataset, index, head, folder.place, folder.mark, watch))
            yield outcomes[-1]
        _close(folder, head, outcomes)


def cell(method: Callable[..., Reconstruction], dataset: Dataset, index: int, head: Mapping[str, Any], place: Callable[[str, str], Path],
         mark: str, watch: Watch | None = None, pictures: bool = True, also: Mapping[str, Any] | None = None) -> Outcome:  # fmt: skip
    """One scan into the folder that `place` gives for its name and id, unless its result is there; `mark` begins what is half-written.

    `also` is in its record, and no reason to make it again.
    """
    name = f"scan {index}"
    try:
        with boundary(f"cannot read {name}"):
            scan = dataset[index]
            name = scan.id
            made_from = origin(head, scan)
        folder = place(folder_name(name), name)
        record, again = recall(folder, made_from)
        if record is not None:
            return Outcome(name, record, kept=True)
        with boundary(f"cannot reconstruct {name}", "A fault of the method, if its options and the scan are sound."):
            result = method(scan, watch=watch)
        with boundary(f"cannot write the result of {name} to {folder}", LOST):
            record = {**scan_record(result, made_from), "notes": [*scan.notes, *result.notes], **(also or {})}
            return Outcome(name, write_scan(folder, result, scan, record, mark, pictures), again=again)
    except MridiffError as error:
        return Outcome(name, error=error)


def _close(folder: Folder, head: Mapping[str, Any], outcomes: list[Outcome]) -> None:
    scans = [{k: v for k, v in o.record.items() if k not in head} for o in outcomes if o.record is not None]
    if not scans:  # nothing was made, so nothing stays
        folder.discard()
        return
    gone = [s["id"] for s in scans if not (folder.path / folder_name(s["id"]) / "record.json").exists()]
    if gone:
        raise DataError(f"results vanished from {folder.path} meanwhile: {', '.join(gone)}", hint="Run again to make them.")
    failed = [{"id": o.scan, **o.error.as_dict()} for o in outcomes if o.error is not None]
    notes = [f"{o.scan} was made again: {o.again}" for o in outcomes if o.again]
    record = {"title": str(head["config"].get("recipe") or head["config"]["sampler"]["use"]), "created": now(), **head,
              "seed": head["config"]["seed"], "scans": scans, "failed": failed, "notes": notes}  # fmt: skip
    with boundary(f"cannot write to {folder.path}", LOST):
        if (volumes := service("volumes")) is not None:
            notes += volumes(folder.path, [folder.path / folder_name(s["id"]) / "reconstruction.h5" for s in scans], folder.mark)
        write_json(folder.path / "record.json", record, folder.mark)
        if (page := service("page")) is not None:
            pictures = {s["id"]: folder.path / folder_name(s["id"]) / "overview.png" for s in scans}
            page(folder.path / "index.html", record=record, pictures={k: p for k, p in pictures.items() if p.exists()})
