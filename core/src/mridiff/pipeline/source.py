"""Source: which dataset understands a file; the formats themselves belong to plugins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DataError, MridiffError
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


def reader_of(path: Path, readers: Mapping[str, Any]) -> str:
    """The name of the dataset class that reads a file, or a folder; raises DataError with what each of them says against it."""
    takers = [name for name, reader in readers.items() if reader.can_read(path)]
    if not takers and path.is_dir():
        takers = [name for name, reader in readers.items() if any(map(reader.can_read, path.iterdir()))]
    if len(takers) == 1:
        return takers[0]
    if takers:
        raise DataError(f"{path} could be read by {', '.join(takers)}", hint="Choose with --dataset NAME.")
    said: dict[str, tuple[MridiffError, list[str]]] = {}
    for name, reader in readers.items():
        try:
            reader(path=path)
        except MridiffError as error:
            said.setdefault(error.message, (error, []))[1].append(name)
    if len(said) == 1:
        raise next(iter(said.values()))[0]
    reasons = "".join(f"\n  {', '.join(names)}: {message.removeprefix(f'{path}: ')}" for message, (_, names) in said.items())
    raise DataError(f"{path}: no dataset reads it{reasons}", hint="`mridiff list datasets` shows what is read.")
