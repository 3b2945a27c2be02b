"""Reading one plugin's declarations, so that whatever goes wrong stays with that plugin."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import sys
from collections import Counter
from collections.abc import Iterable
from types import ModuleType

import pluggy

from ..errors import PluginApiMismatch, PluginContractError, PluginError, PluginImportError
from ..spec import API, KINDS, RecipeSpec, Spec
from . import hookspecs
from .entry import Entry, within
from .sources import Source, fault, malformed

MOST = 1000
"""More declarations than this from one hook are taken for a generator that does not end."""


def declared(source: Source) -> tuple[list[Entry], list[PluginError]]:
    """The entries of one plugin and its faults. A plugin that breaks the contract gives no entries at all.

    `KeyboardInterrupt` passes; what a plugin prints while it is imported goes to stderr, so that it cannot spoil `--json`.
    """
    if error := malformed(source):
        return [], [error]
    with contextlib.redirect_stdout(sys.stderr):
        try:
            module = importlib.import_module(source.module)
        except (Exception, SystemExit) as error:
            return [], [_caused(PluginImportError, source, f"importing {source.module} failed", error)]
        try:
            specs = _call(source, module)
        except PluginError as error:
            return [], [error]
        except (Exception, SystemExit) as error:
            return [], [_caused(PluginContractError, source, "its hooks do not fit", error)]
    package = source.module.rpartition(".")[0] or source.module
    if problems := [*_foreign(specs, package), *_repeated(specs)]:
        return [], [fault(PluginContractError, source, "; ".join(problems))]
    fitting = [Entry(spec, source, package) for spec in specs if spec.api == API]
    return fitting, [_mismatch(source, spec) for spec in specs if spec.api != API]


def _call(source: Source, module: ModuleType) -> list[Spec]:
    """All declarations of a module. Each plugin has a manager of its own: there is no other plugin whose call it could disturb."""
    manager = pluggy.PluginManager("mridiff")
    manager.add_hookspecs(hookspecs)
    manager.register(module, name=source.plugin)
    manager.check_pending()
    specs: list[Spec] = []
    problems: list[str] = []
    for kind, kind_of_spec in KINDS.items():
        hook = f"mridiff_{kind}s"
        caller = getattr(manager.hook, hook)
        if not caller.get_hookimpls():
            continue
        try:
            found = _results(caller())
        except (Exception, SystemExit) as error:
            problems.append(f"{hook} raised {_said(error)}")
            continue
        problems += [f"{hook} gave {item!r:.80}, not a {kind_of_spec.__name__}" for item in found if not isinstance(item, kind_of_spec)]
        specs += [item for item in found if isinstance(item, kind_of_spec)]
    if problems:
        raise fault(PluginContractError, source, "; ".join(problems))
    return specs


def _results(results: list[Iterable[object]]) -> list[object]:
    """What a hook gave. pluggy drops None, so an implemented hook without a result forgot its `return`."""
    if not results:
        raise TypeError("it returned None; it must return declarations, or an empty list")
    found = list(itertools.islice(itertools.chain.from_iterable(results), MOST + 1))
    if len(found) > MOST:
        raise ValueError(f"it gave more than {MOST} declarations")
    return found


def _foreign(specs: Iterable[Spec], package: str) -> list[str]:
    return [
        f"the target {spec.target!r} of {spec.kind} {spec.name!r} lies outside its package {package!r}"
        for spec in specs
        if not isinstance(spec, RecipeSpec) and not within(package, spec.target.partition(":")[0])
    ]


def _repeated(specs: Iterable[Spec]) -> list[str]:
    counts = Counter((spec.kind, spec.name) for spec in specs)
    return [f"the {kind} {name!r} is declared {n} times" for (kind, name), n in counts.items() if n > 1]


def _mismatch(source: Source, spec: Spec) -> PluginError:
    newer = spec.api > API
    hint = "pip install --upgrade mridiff" if newer else f"pip install --upgrade {source.distribution}"
    message = f"the {spec.kind} {spec.name!r} is written for interface {spec.api}; this mridiff has interface {API}"
    return fault(PluginApiMismatch, source, message, hint)


def _caused(kind: type[PluginError], source: Source, message: str, cause: BaseException) -> PluginError:
    hint = ""
    if isinstance(cause, ModuleNotFoundError):
        hint = f"module {cause.name!r} is missing; `pip install --force-reinstall {source.distribution}` brings what the plugin needs"
    error = fault(kind, source, f"{message}: {_said(cause)}", hint)
    error.__cause__ = cause
    return error


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
