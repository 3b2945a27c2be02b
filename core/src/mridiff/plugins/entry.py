"""Entry: one component of one installed plugin, its class loaded and checked when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import NotFound, PluginContractError, PluginError
from ..io.atomic import contained
from ..spec import RecipeSpec, Spec
from .importing import guarded, imported
from .sources import Source, fault


def within(package: str, module: str) -> bool:
    """Whether a dotted module name lies inside a dotted package name."""
    return module == package or module.startswith(f"{package}.")


@dataclass(frozen=True, eq=False)
class Entry:
    """A declaration, the plugin that made it, and the way to what it declares."""

    spec: Spec
    source: Source
    package: str

    @property
    def plugin(self) -> str:
        """Name of the plugin."""
        return self.source.plugin

    @property
    def distribution(self) -> str:
        """Name of the distribution that brought the plugin."""
        return self.source.distribution

    @property
    def version(self) -> str:
        """Version of that distribution."""
        return self.source.version

    @property
    def qualified(self) -> str:
        """`plugin/name`, which names this component whatever else is installed."""
        return f"{self.plugin}/{self.spec.name}"

    def __repr__(self) -> str:
        return f"<{self.spec.kind} {self.qualified} from {self.distribution} {self.version}>"

    def load(self) -> type[Any]:
        """The component's class, imported once and checked against its interface.

        Raises PluginImportError if the module or the class is not there, PluginContractError if the class does not fit.
        """
        return self._class

    def function(self, what: str) -> Callable[..., Any]:
        """The function declared as "training" or "studies"; raises NotFound where none is, PluginImportError where it is not there."""
        declared = getattr(self.spec, what, "")
        if not declared:
            raise NotFound(f"{self.qualified} declares no {what}", hint=f"its {self.spec.kind} spec would say {what}='module:function'")
        return imported(self.source, declared, self._whose)  # type: ignore[no-any-return]

    def path(self) -> Path:
        """The recipe's file; raises PluginContractError if there is none inside the package."""
        if not isinstance(self.spec, RecipeSpec):
            raise TypeError(f"{self.qualified} is a {self.spec.kind}; only a recipe has a file of its own")
        return self.resource(self.spec.file)

    def resource(self, file: str) -> Path:
        """A file inside the plugin's package (a recipe, weights), never one outside that a link points to."""
        package = imported(self.source, self.package, self._whose)
        roots = [Path(folder) for folder in getattr(package, "__path__", ())]
        if not roots:
            raise self._fault(PluginContractError, f"{self.package} is a single module; a plugin with files must be a package")
        paths = [contained(root, file) for root in roots]
        found = next((path for path in paths if path.is_file()), None)
        if found is None:
            hint = f"`pip install --force-reinstall {self.distribution}` restores it if the author shipped it"
            raise self._fault(PluginContractError, f"the file {file!r} is not in the package {self.package}", hint)
        return found

    @cached_property
    def _class(self) -> type[Any]:
        from .contract import differences

        if isinstance(self.spec, RecipeSpec):
            raise TypeError(f"{self.qualified} is a recipe: it is data, in {self.spec.file}, and has no class")
        found = imported(self.source, self.spec.target, self._whose)
        with guarded(self.source, PluginContractError, f"{self._whose}examining {self.spec.target}"):
            problems = differences(self.spec.kind, found)
        if problems:
            text = "".join(f"\n    {problem}" for problem in problems)
            raise self._fault(PluginContractError, f"{self.spec.target} is not a usable {self.spec.kind}:{text}")
        return found  # type: ignore[no-any-return]

    @property
    def _whose(self) -> str:
        return f"{self.spec.kind} {self.spec.name!r}: "

    def _fault(self, kind: type[PluginError], message: str, hint: str = "") -> PluginError:
        return fault(kind, self.source, self._whose + message, hint)
