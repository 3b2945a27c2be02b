"""Registry: every component of every installed plugin, by kind and name. A value: nothing is kept in this module."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..errors import MridiffError, NotFound, PluginConflict, PluginError
from ..spec import KINDS, Spec
from .entry import Entry
from .sources import GROUP, Blocked, Source, Survey


@dataclass(frozen=True, eq=False)
class Registry:
    """What is installed: entries by kind and name, what failed and what was left out, each with its reason.

    `extensions` are the commands and services, which are imported when they are used.
    """

    all: tuple[Entry, ...] = ()
    failures: tuple[PluginError, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    extensions: tuple[Source, ...] = ()

    @classmethod
    def discover(cls, env: Mapping[str, str] = os.environ) -> Registry:
        """The plugins of all installed distributions that `env` (MRIDIFF_PLUGINS, MRIDIFF_BLOCK) lets in.

        A plugin that fails is left out and kept in `failures`; discovery itself does not fail.
        """
        from .discovery import declared

        survey = Survey.take(env)
        failures = [*survey.failures]
        entries: list[Entry] = []
        for source in survey.of(GROUP).values():
            found, faults = declared(source)
            entries += found
            failures += faults
        extensions = tuple(source for source in survey.sources if source.group != GROUP)
        return cls(_ordered(entries), tuple(failures), survey.blocked, extensions)

    @classmethod
    def of(cls, items: Iterable[Entry | Spec]) -> Registry:
        """A registry of given entries; a bare spec becomes a component of the plugin `local`."""
        return cls(_ordered(item if isinstance(item, Entry) else _local(item) for item in items))

    def entries(self, kind: str | None = None) -> tuple[Entry, ...]:
        """All entries, or those of one kind, ordered by kind, name and plugin."""
        return self.all if kind is None else tuple(entry for entry in self.all if entry.spec.kind == kind)

    @cached_property
    def conflicts(self) -> Mapping[tuple[str, str], tuple[Entry, ...]]:
        """The short names that several plugins claim: (kind, name) to the claimants."""
        return {key: group for key, group in self._short.items() if len(group) > 1}

    def find(self, kind: str, name: str) -> Entry:
        """The component of that kind, by short name or as `plugin/name`.

        Raises PluginConflict if the short name has several providers, NotFound with near names if it has none.
        """
        if kind not in KINDS:
            raise NotFound(f"there is no kind {kind!r}", hint=f"kinds: {', '.join(KINDS)}")
        if "/" in name:
            group = tuple(entry for entry in self.entries(kind) if entry.qualified == name)
        else:
            group = self._short.get((kind, name), ())
        if len(group) == 1:
            return group[0]
        raise self._ambiguous(kind, name, group) if group else self._not_found(kind, name)

    @cached_property
    def _short(self) -> dict[tuple[str, str], tuple[Entry, ...]]:
        index: dict[tuple[str, str], tuple[Entry, ...]] = {}
        for entry in self.all:
            key = entry.spec.kind, entry.spec.name
            index[key] = (*index.get(key, ()), entry)
        return index

    def _ambiguous(self, kind: str, name: str, group: tuple[Entry, ...]) -> PluginConflict:
        providers = ", ".join(f"{entry.qualified} ({entry.distribution} {entry.version})" for entry in group)
        return PluginConflict(
            f"the {kind} name {name!r} has several providers: {providers}",
            plugin=", ".join(entry.plugin for entry in group),
            distribution=", ".join(entry.distribution for entry in group),
            version=", ".join(entry.version for entry in group),
            hint=f"write the full name, for example {group[0].qualified!r}",
        )

    def _not_found(self, kind: str, name: str) -> MridiffError:
        from difflib import get_close_matches

        known = sorted({entry.qualified if "/" in name else entry.spec.name for entry in self.entries(kind)})
        near = get_close_matches(name, known, n=3)
        plugin = name.partition("/")[0]
        failed = [error for error in self.failures if error.plugin == plugin]
        blocked = [b for b in self.blocked if b.source.plugin == plugin]
        reasons = [f"there is a {other} of that name" for other in KINDS if (other, name) in self._short]
        reasons += [f"its plugin is installed but failed: {error.message}" for error in failed]
        reasons += [f"its plugin {plugin!r} ({b.source.distribution}) is installed but {b.rule}" for b in blocked]
        if not reasons:
            failures, left_out = (error.distribution for error in self.failures), (b.source.plugin for b in self.blocked)
            reasons += [f"a plugin that failed may bring it: {', '.join(failures)}"] if self.failures else []
            reasons += [f"a plugin that is left out may bring it: {', '.join(left_out)}"] if self.blocked else []
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"`mridiff list` shows every {kind}"
        details: dict[str, object] = {"kind": kind, "name": name, "near": near, "failed": [error.as_dict() for error in failed]}
        return NotFound("; ".join([f"no {kind} is called {name!r}", *reasons]), hint=hint, details=details)


def _ordered(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    kinds = list(KINDS)
    return tuple(sorted(entries, key=lambda e: (kinds.index(e.spec.kind), e.spec.name, e.plugin)))


def _local(spec: Spec) -> Entry:
    module = spec.target.partition(":")[0]
    return Entry(spec, Source("local", "local", module), module.partition(".")[0])
