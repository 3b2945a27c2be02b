"""Again: what a cell of a study was made of, found from its record and the folder that it lies in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mridiff.errors import DataError
from mridiff.interfaces import Dataset
from mridiff.io.atomic import regular
from mridiff.pipeline.method import Reconstruction
from mridiff.pipeline.run import folder_name
from mridiff.plugins.registry import Registry

from .bench import Ready
from .finding import find
from .robustness import Robustness
from .scans import opened
from .study import Study

Made = tuple[Callable[..., Reconstruction], Mapping[str, Any], Dataset]


def cell_of(path: Path, record: Mapping[str, Any], registry: Registry, data: Path | None) -> Made:
    """The row of the cell whose record lies at `path`, as it makes a scan; what it is made from; and the scans.

    Raises DataError where the record does not lie in the folder of a study, or the study has not its row or scans any more.
    """
    try:
        _, _, row, title, cells, out, *_ = path.absolute().parents
        head = json.loads(regular(out / "run.json").read_bytes())
        study = study_of(head, registry)
        if cells.name != "cells":
            raise LookupError
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(f"{path}: a cell of a study that does not lie in the folder which `mridiff measure` wrote",
                        hint="Leave cells where they are: the folder's run.json names the study.") from error  # fmt: skip
    ready = Ready(study, _named(row.name, study.rows, "row", head["study"]), registry, record["device"])
    scans = study.scans[_named(title.name, study.scans, "set of scans", head["study"])]
    return partial(ready, seed=record["seed"]), ready.head(record["seed"]), opened(scans, registry, data)


def study_of(head: Mapping[str, Any], registry: Registry) -> Study:
    """The study whose folder begins with this head, its run.json."""
    if "robustness" not in head:
        return find(head["study"], registry).study
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in head["robustness"].items()}
    return Robustness(**given)(registry)


def _named(folder: str, names: Iterable[str], what: str, study: str) -> str:
    found = next((name for name in names if folder_name(name) == folder), None)
    if found is None:
        raise DataError(f"the study {study} has no {what} {folder!r} any more", hint="Install the version that the record names.")
    return found
