"""Source: which dataset understands a file; the formats themselves belong to plugins."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError
from ..plugins.entry import Entry
from ..plugins.registry import Registry
from ..spec import DatasetSpec


def dataset_for(path: Path, registry: Registry, name: str | None = None) -> Entry:
    """The dataset that reads a file, or the files of a folder; `name` chooses one. Raises DataError that says what was tried."""
    if not path.exists():
        raise DataError(f"{path} does not exist", hint="Check the spelling; relative paths start at the current folder.")
    if name is not None:
        return registry.find("dataset", name)
    readers = {e: e.spec.reads for e in registry.entries("dataset") if isinstance(e.spec, DatasetSpec) and e.spec.reads}
    suffixes = sorted({s for reads in readers.values() for s in reads})
    candidates = [f for f in (sorted(path.iterdir()) if path.is_dir() else [path]) if f.name.endswith(tuple(suffixes)) and f.is_file()]
    if not candidates:
        what = "holds no file that" if path.is_dir() else "is not a file that"
        raise DataError(f"{path} {what} an installed dataset reads; they read {', '.join(suffixes) or 'nothing'}",
                        hint="`mridiff list datasets` shows them.")  # fmt: skip
    for file in candidates:
        takers = [e for e, reads in readers.items() if file.name.endswith(reads) and e.load().can_read(file)]
        if len(takers) > 1:
            raise DataError(f"{file} could be read by {', '.join(e.qualified for e in takers)}", hint="Choose with --dataset NAME.")
        if takers:
            return takers[0]
    tried = ", ".join(sorted(e.qualified for e, reads in readers.items() if candidates[0].name.endswith(reads)))
    raise DataError(f"{candidates[0]} is in no layout that the installed datasets know (tried {tried})",
                    hint="An array file needs `kspace` with axes (coil, y, x). --dataset NAME shows what one reader says.")  # fmt: skip
