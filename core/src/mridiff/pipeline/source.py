"""Source: which dataset understands a file; the formats themselves belong to plugins."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError
from ..interfaces.dataset import reader_of
from ..plugins.entry import Entry
from ..plugins.registry import Registry


def dataset_for(path: Path, registry: Registry, name: str | None = None) -> Entry:
    """The dataset that reads a file or a folder; `name` chooses one. Raises DataError with what each that could says of it."""
    if not path.exists():
        raise DataError(f"{path} does not exist", hint="Check the spelling; relative paths start at the current folder.")
    if not path.is_file() and not path.is_dir():
        raise DataError(f"{path} is neither a file nor a folder", hint="Save what a pipe or device gives to a file first.")
    if name is not None:
        return registry.find("dataset", name)
    readers = {e.qualified: e for e in registry.entries("dataset") if getattr(e.spec, "reads", ())}
    found = {n: e for n, e in readers.items() if path.is_dir() or path.name.endswith(getattr(e.spec, "reads", ()))} or readers
    return found[reader_of(path, {name: e.load() for name, e in found.items()})]
