"""Finding: the studies that installed packages declare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from mridiff.errors import MridiffError, NotFound, PluginConflict, PluginContractError
from mridiff.plugins.entry import Entry
from mridiff.plugins.importing import guarded
from mridiff.plugins.registry import Registry
from mridiff.plugins.sources import fault

from .study import Study


@dataclass(frozen=True)
class Declared:
    """A study, its name, and the component whose package declares it."""

    name: str
    study: Study
    entry: Entry

    @property
    def folder(self) -> Path | None:
        """That of the package's `project`."""
        return project(self.entry)


def project(entry: Entry) -> Path | None:
    """The folder of the project of a component's package, which holds its card; None where it is installed without."""
    own = Path(entry.resource("__init__.py")).parent
    return next((f for f in own.parents if (f / "pyproject.toml").is_file() and (f / "README.md").is_file()), None)


def studies(registry: Registry, of: Callable[[Entry], bool] = lambda _: True) -> tuple[dict[str, Declared], list[MridiffError]]:
    """All studies by name, and what keeps others from being used; a declaration that several components share counts once."""
    found: dict[str, Declared] = {}
    faults: list[MridiffError] = []
    for entry in {e.spec.studies: e for e in reversed(registry.entries()) if e.spec.studies and of(e)}.values():
        try:
            for declared in _declared(entry):
                if other := found.get(declared.name):
                    claims = f"{other.entry.distribution} and {entry.distribution}"
                    faults.append(fault(PluginConflict, entry.source, f"the study {declared.name!r} is declared by {claims}"))
                else:
                    found[declared.name] = declared
        except MridiffError as error:
            faults.append(error)
    return dict(sorted(found.items())), faults


def _declared(entry: Entry) -> Iterator[Declared]:
    function = entry.function("studies")
    with guarded(entry.source, PluginContractError, f"declaring studies in {entry.spec.studies}"):
        made = dict(function())
    for name, study in made.items():
        if not isinstance(study, Study):
            raise fault(PluginContractError, entry.source, f"the study {name!r} is {type(study).__name__}, not a Study")
        yield Declared(str(name), study, entry)


def find(name: str, registry: Registry) -> Declared:
    """The study of that name; raises NotFound with near names and with what failed, PluginConflict where two packages declare it.

    One that is called as a component, or begins with its name, is looked for there first, so that no other package is imported.
    """
    own, _ = studies(registry, lambda entry: f"{name}-".startswith(f"{entry.spec.name}-"))
    if name in own:
        return own[name]
    found, faults = studies(registry)
    if conflict := next((f for f in faults if isinstance(f, PluginConflict) and f"study {name!r} " in f.message), None):
        raise conflict
    if name in found:
        return found[name]
    near = get_close_matches(name, found, n=3)
    reasons = "".join(f"\n  {fault.message}" for fault in (*faults, *registry.failures))
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "`mridiff measure` lists all studies"
    raise NotFound(f"no study is called {name!r}{reasons}", hint=hint)
