"""Where plugins come from: the entry points of installed distributions, and which of them the user lets in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import PluginConflict, PluginContractError, PluginError
from ..spec import NAME

GROUP = "mridiff"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """One entry point: the plugin's name, the module that declares it, and the distribution that brings it."""

    distribution: str
    plugin: str
    module: str
    version: str = "unknown"
    location: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A plugin that was left out before it was imported, and by which rule."""

    source: Source
    rule: str


def installed() -> tuple[list[Source], list[PluginError]]:
    """All entry points of the group, sorted by distribution and name, each once; with the distributions that cannot be read."""
    from importlib_metadata import distributions

    found: dict[tuple[str, str], Source] = {}
    seen: set[str] = set()
    failures: list[PluginError] = []
    for distribution in distributions():
        location = str(distribution.locate_file(""))
        name = "unknown"
        try:
            # The text is searched first: most distributions have nothing for us, and their names cost a parsed file each.
            if GROUP not in (distribution.read_text("entry_points.txt") or ""):
                continue
            name, version = _name_and_version(distribution)
            points = distribution.entry_points.select(group=GROUP)
            if not points or (name != "unknown" and normalised(name) in seen):
                continue  # a second copy further down the path is shadowed, for the import system too
            seen.add(normalised(name))
            for point in points:
                found.setdefault((point.name, point.value), Source(name, point.name, point.value, version, location))
        except Exception as error:
            message = f"the metadata of a distribution in {location} cannot be read: {type(error).__name__}: {error}"
            failures.append(PluginError(message, distribution=name, hint="reinstall that distribution"))
    return sorted(found.values()), failures


def _name_and_version(distribution: Any) -> tuple[str, str]:
    """Name and version as the metadata state them; "unknown" where they are absent."""
    try:
        metadata = distribution.metadata
    except FileNotFoundError:
        return "unknown", "unknown"
    return metadata.get("Name") or "unknown", metadata.get("Version") or "unknown"


def select(sources: Iterable[Source], env: Mapping[str, str], block: Iterable[str] = ()) -> tuple[list[Source], list[Blocked]]:
    """Those that may be imported, and those that may not.

    `MRIDIFF_PLUGINS` names the only plugins to let in (set and empty: none), `MRIDIFF_BLOCK` and `block` those to leave out, by
    plugin name or as `dist:<distribution>`. Names are compared whole.
    """
    allowed = _words(env["MRIDIFF_PLUGINS"].split(",")) if "MRIDIFF_PLUGINS" in env else None
    refused = _words([*env.get("MRIDIFF_BLOCK", "").split(","), *block])
    kept, blocked = [], []
    for source in sources:
        names = (source.plugin, f"dist:{normalised(source.distribution)}")
        if rule := next((name for name in names if name in refused), None):
            blocked.append(Blocked(source, f"blocked by {rule!r}"))
        elif allowed is not None and source.plugin not in allowed:
            blocked.append(Blocked(source, "not among MRIDIFF_PLUGINS"))
        else:
            kept.append(source)
    return kept, blocked


def settle(sources: Iterable[Source]) -> tuple[list[Source], list[PluginError]]:
    """Those whose name is theirs alone, and a fault for each of the others: of two plugins with one name neither is loaded."""
    groups: dict[str, list[Source]] = {}
    for source in sources:
        groups.setdefault(source.plugin, []).append(source)
    kept = [group[0] for group in groups.values() if len(group) == 1]
    return sorted(kept), list(_clashes(groups))


def _clashes(groups: Mapping[str, list[Source]]) -> Iterator[PluginError]:
    for plugin, group in groups.items():
        for source in group if len(group) > 1 else ():
            providers = ", ".join(f"{s.distribution} {s.version} ({s.module})" for s in group)
            hint = f"keep one with MRIDIFF_BLOCK=dist:<distribution>, for example dist:{normalised(group[-1].distribution)}"
            yield fault(PluginConflict, source, f"the plugin name {plugin!r} is claimed by {providers}; none of them is loaded", hint)


def fault(kind: type[PluginError], source: Source, message: str, hint: str = "") -> PluginError:
    """An error that names the plugin, its distribution and version."""
    return kind(
        f"plugin {source.plugin!r} ({source.distribution} {source.version}): {message}",
        plugin=source.plugin,
        distribution=source.distribution,
        version=source.version,
        hint=hint,
    )


def malformed(source: Source) -> PluginError | None:
    """Why an entry point cannot be a plugin by its form alone, if so."""
    if not NAME.fullmatch(source.plugin):
        return fault(PluginContractError, source, "its entry-point name must be lower-case words joined by single hyphens")
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", source.module):
        return fault(PluginContractError, source, f"its entry point {source.module!r} must name a module, like 'mridiff_dds.plugin'")
    return None


def normalised(name: str) -> str:
    """A distribution name in the one form that all its spellings share."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _words(words: Iterable[str]) -> set[str]:
    stripped = {word.strip() for word in words} - {""}
    return {f"dist:{normalised(w.removeprefix('dist:'))}" if w.startswith("dist:") else w for w in stripped}
