"""Where plugins come from: the entry points of installed distributions, and which of them the user lets in.

One survey serves every group: `mridiff` names modules of declarations, `mridiff.commands` and `mridiff.services` single functions.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import __version__
from ..errors import NotFound, PluginConflict, PluginContractError, PluginError, said
from ..spec import NAME, TARGET

UNKNOWN = "unknown"
GROUP, COMMANDS, SERVICES = "mridiff", "mridiff.commands", "mridiff.services"
MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
HOUSE = frozenset({"mridiff", *(f"mridiff-{part}" for part in ("sdk", "operators", "priors", "samplers", "datasets"))})
"""Core, sdk and foundation. A name that one of them has belongs to it; nobody else's plugin of that name is let in."""


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """One entry point: the plugin's name, the module or function behind it, and the distribution that brings it."""

    distribution: str
    plugin: str
    module: str
    version: str = UNKNOWN
    location: str = ""
    group: str = GROUP

    def __str__(self) -> str:
        return f"{self.noun} {self.plugin!r}"

    @property
    def noun(self) -> str:
        """What the group is made of: plugin, command, service."""
        return self.group.partition(".")[2].removesuffix("s") or "plugin"


CORE = tuple(Source("mridiff", name, f"mridiff.cli.{target}", __version__, group=COMMANDS) for name, target in
             (("recon", "recon:recon"), ("list", "listing:list_components"), ("doctor", "doctor:doctor")))  # fmt: skip
"""The core's own commands, which nothing blocks."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A plugin that was left out before it was imported, and by which rule."""

    source: Source
    rule: str


@dataclass(frozen=True, slots=True)
class Survey:
    """The entry points that may be used, those that cannot be, and those that were left out; nothing of them is imported."""

    sources: tuple[Source, ...] = ()
    failures: tuple[PluginError, ...] = ()
    blocked: tuple[Blocked, ...] = ()

    @classmethod
    def take(cls, env: Mapping[str, str] = os.environ) -> Survey:
        """What is installed, as far as `env` (MRIDIFF_PLUGINS, MRIDIFF_BLOCK) lets it in."""
        found, failures = installed()
        chosen, blocked = select(found, env)
        formed = [source for source in chosen if not malformed(source)]
        usable, clashes = settle([*CORE, *formed])
        bad = [error for source in chosen if (error := malformed(source))]
        return cls(tuple(usable), (*failures, *bad, *clashes), tuple(blocked))

    def of(self, group: str) -> dict[str, Source]:
        """The entry points of a group, by name."""
        return {source.plugin: source for source in self.sources if source.group == group}

    def find(self, group: str, name: str) -> Source | None:
        """The entry point of that name, None where nobody has one; raises what keeps it from being used."""
        if source := self.of(group).get(name):
            return source
        for error in self.failures:
            if (error.group, error.plugin) == (group, name):
                raise error
        for blocked in self.blocked:
            if (blocked.source.group, blocked.source.plugin) == (group, name):
                raise NotFound(f"the {blocked.source} ({blocked.source.distribution}) is installed but {blocked.rule}")
        return None


def installed() -> tuple[list[Source], list[PluginError]]:
    """All entry points of mridiff's groups, sorted, each once; with the distributions that cannot be read."""
    from importlib_metadata import distributions

    copies: dict[str, list[list[Source]]] = {}
    failures: list[PluginError] = []
    for distribution in distributions():
        location = str(distribution.locate_file(""))
        try:
            # The text is searched first: most distributions have nothing for us, and their names cost a parsed file each.
            if GROUP in (distribution.read_text("entry_points.txt") or "") and (points := _points(distribution, location)):
                name = points[0].distribution
                copies.setdefault(location if name == UNKNOWN else normalised(name), []).append(points)
        except Exception as error:
            message = f"the metadata of a distribution in {getattr(distribution, '_path', location)} cannot be read: {said(error)}"
            failures.append(PluginError(message, hint="reinstall that distribution"))
    found: dict[tuple[str, str, str], Source] = {}
    for group in copies.values():
        newest, stale = _newest(group)
        failures += stale
        for source in newest:
            key = source.group, source.plugin, source.module
            if key not in found or _of_the_house(source):
                found[key] = source
    return sorted(found.values()), failures


def _points(distribution: Any, location: str) -> list[Source]:
    """The entry points of one distribution; its name and version are unknown where its metadata are absent."""
    try:
        name, version = (distribution.metadata.get(key) or UNKNOWN for key in ("Name", "Version"))
    except FileNotFoundError:
        name = version = UNKNOWN
    ours = [point for point in distribution.entry_points if f"{point.group}.".startswith(f"{GROUP}.")]
    return [Source(name, point.name, point.value, version, location, point.group) for point in ours]


def _newest(copies: list[list[Source]]) -> tuple[list[Source], list[PluginError]]:
    """The copy of a distribution that counts: the first on the path, as for imports.

    An upgrade that was broken off leaves the metadata of two versions in one folder: then the newest, and a word about it.
    """
    here = [points for points in copies if points[0].location == copies[0][0].location]
    here.sort(key=lambda points: [int(n) for n in re.findall(r"\d+", points[0].version)], reverse=True)
    chosen, versions = here[0][0], ", ".join(points[0].version for points in here)
    message = f"{chosen.location} holds metadata of versions {versions} of {chosen.distribution}; {chosen.version} is taken"
    hint = f"`pip install --force-reinstall {chosen.distribution}`, and remove the metadata folders of the others"
    return here[0], [fault(PluginConflict, chosen, message, hint)] if len(here) > 1 else []


def select(sources: Iterable[Source], env: Mapping[str, str]) -> tuple[list[Source], list[Blocked]]:
    """Those that may be imported, and those that may not.

    `MRIDIFF_PLUGINS` names the only ones to let in (set and empty: none), `MRIDIFF_BLOCK` those to leave out, by their own name or
    as `dist:<distribution>`. Names are compared whole.
    """
    allowed = _words(env["MRIDIFF_PLUGINS"]) if "MRIDIFF_PLUGINS" in env else None
    refused = _words(env.get("MRIDIFF_BLOCK", ""))
    kept, blocked = [], []
    for source in sources:
        names = {source.plugin, f"dist:{normalised(source.distribution)}"}
        if rule := next(iter(sorted(names & refused)), None):
            blocked.append(Blocked(source, f"blocked by {rule!r}"))
        elif allowed is not None and not names & allowed:
            blocked.append(Blocked(source, "not among MRIDIFF_PLUGINS"))
        else:
            kept.append(source)
    return kept, blocked


def settle(sources: Iterable[Source]) -> tuple[list[Source], list[PluginError]]:
    """Those whose name is theirs, and a fault for each of the others: of several claims to a name only one of the house is used."""
    groups: dict[tuple[str, str], list[Source]] = {}
    for source in sources:
        groups.setdefault((source.group, source.plugin), []).append(source)
    kept: list[Source] = []
    faults: list[PluginError] = []
    for group in groups.values():
        owners = group if len(group) == 1 else [source for source in group if _of_the_house(source)]
        kept += owners[:1]
        claims = ", ".join(f"{s.distribution} {s.version} ({s.module})" for s in group)
        used = f"only {owners[0].module} is used" if owners else "none of them is used"
        hint = f"leave others out with MRIDIFF_BLOCK=dist:<distribution>, for example dist:{normalised(group[-1].distribution)}"
        message = f"this name is claimed by {claims}; {used}"
        faults += [fault(PluginConflict, source, message, hint) for source in group if source not in owners[:1]]
    return kept, faults


def _of_the_house(source: Source) -> bool:
    return normalised(source.distribution) in HOUSE


def fault(kind: type[PluginError], source: Source, message: str, hint: str = "") -> PluginError:
    """An error that names the plugin, its distribution and version."""
    whose = {"plugin": source.plugin, "distribution": source.distribution, "version": source.version}
    error = kind(f"{source} ({source.distribution} {source.version}): {message}", **whose, hint=hint)
    error.group = source.group
    return error


def malformed(source: Source) -> PluginError | None:
    """Why an entry point cannot be a plugin by its form alone, if so."""
    form, what = (
        (MODULE, "a module, like 'mridiff_dds.plugin'") if source.group == GROUP else (TARGET, "a function, like 'acme.plots:page'")
    )
    if not NAME.fullmatch(source.plugin):
        return fault(PluginContractError, source, "its entry-point name must be lower-case words joined by single hyphens")
    if not form.fullmatch(source.module):
        return fault(PluginContractError, source, f"its entry point {source.module!r} must name {what}")
    return None


def normalised(name: str) -> str:
    """A distribution name in the one form that all its spellings share."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _words(text: str) -> set[str]:
    stripped = {word.strip() for word in text.split(",")} - {""}
    return {f"dist:{normalised(w.removeprefix('dist:'))}" if w.startswith("dist:") else w for w in stripped}
