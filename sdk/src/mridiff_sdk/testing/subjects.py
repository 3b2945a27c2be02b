"""Which components a name means."""

from __future__ import annotations

from mridiff.errors import NotFound
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry


def find(name: str, registry: Registry) -> list[Entry]:
    """The components of a plugin, or those that have this short or full name, of any kind.

    Raises the plugin's own error where it is installed and failed, NotFound otherwise.
    """
    found = [e for e in registry.entries() if e.plugin == name] or [e for e in registry.entries() if name in {e.spec.name, e.qualified}]
    if found:
        return found
    for error in registry.failures:
        if error.plugin == name:
            raise error
    names = sorted({e.plugin for e in registry.entries()} | {e.spec.name for e in registry.entries()})
    raise NotFound(f"no plugin or component is called {name!r}", hint=f"installed: {', '.join(names) or 'nothing'}")
