"""Scans of a study: opened from a dataset node or by a function, and read once for all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mridiff.errors import ConfigError, Mistake, boundary
from mridiff.interfaces import Dataset, Scan
from mridiff.interfaces.dataset import Guarded
from mridiff.pipeline.plan import configurable
from mridiff.pipeline.record import plain
from mridiff.pipeline.signature import options_model, validate_options
from mridiff.plugins.registry import Registry

from .study import Altered, Scans, node_of

WHERE = "Give --data FOLDER, or set MRIDIFF_DATA, if they lie in the data folder."


class Latest(Dataset):
    """A dataset that remembers the scan read last, so that several methods share one reading; `node` opens it again, where one does."""

    def __init__(self, scans: Dataset, node: Mapping[str, Any] | None = None) -> None:
        self.scans, self.node, self._index = scans, node, -1
        self._scan: Scan | None = None

    def __len__(self) -> int:
        return len(self.scans)

    def __getitem__(self, index: int) -> Scan:
        if self._scan is None or index != self._index:
            self._index, self._scan = index, self.scans[index]
        return self._scan


class Mapped(Dataset):
    """The scans of a dataset, each as a function alters it."""

    def __init__(self, scans: Dataset, alter: Callable[[Scan], Scan]) -> None:
        self.scans, self.alter = scans, alter

    def __len__(self) -> int:
        return len(self.scans)

    def __getitem__(self, index: int) -> Scan:
        return self.alter(self.scans[index])


def opened(scans: Scans, registry: Registry, data: Path | None) -> Latest:
    """The scans that a study names; the `path` of a node lies in the data folder, or is it where none is given.

    Raises ConfigError for options that are not right, DataError for scans that are not there.
    """
    with boundary("they cannot be opened", "" if data else WHERE):
        if callable(scans):
            return Latest(scans(data))  # type: ignore[arg-type]
        if isinstance(scans, Altered):
            assert scans.scan is not None
            return Latest(Mapped(opened(scans.source, registry, data), scans.scan))
        node = node_of(scans, registry)
        entry = registry.find("dataset", node.use)
        model, options = options_model(configurable(entry)), dict(node.options)
        if "path" in model.model_fields and data is not None:
            options["path"] = data / options.get("path", "")
        options, mistakes = validate_options(model, options, f"{node.use}.options")
        if mistakes:
            missing = [Mistake("--data", "these scans lie in the data folder")] if data is None and "path" in model.model_fields else []
            raise ConfigError([*mistakes, *missing], hint=WHERE if missing else "`mridiff show NAME` lists a dataset's options.")
        return Latest(Guarded(entry.load()(**options), entry.qualified), plain({"use": entry.qualified, "options": options}))
