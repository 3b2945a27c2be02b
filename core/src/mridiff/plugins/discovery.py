"""Reading one plugin's declarations, so that whatever goes wrong stays with that plugin."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from types import ModuleType

import pluggy

from ..errors import PluginApiMismatch, PluginContractError, PluginError, said
from ..spec import API, KINDS, RecipeSpec, Spec
from . import hookspecs
from .entry import Entry, within
from .importing import guarded, imported
from .sources import Source, fault

MOST = 1000
"""More declarations than this from one hook are taken for a generator that does not end."""


def declared(source: Source) -> tuple[list[Entry], list[PluginError]]:
    """The entries of one plugin and its faults. A plugin that breaks the contract gives no entries at all; `KeyboardInterrupt` passes."""
    package = source.module.rpartition(".")[0] or source.module
    problems: list[str] = []
    try:
        module = imported(source, source.module)
        with guarded(source, PluginContractError, "calling its hooks"):
            specs = _call(source, module, problems)
            problems += [*_foreign(specs, package), *_repeated(specs)]
    except PluginError as error:
        return [], [error]
    if problems:
        return [], [fault(PluginContractError, source, "; ".join(problems))]
    fitting = [Entry(spec, source, package) for spec in specs if spec.api == API]
    return fitting, [_mismatch(source, spec) for spec in specs if spec.api != API]


def _call(source: Source, module: ModuleType, problems: list[str]) -> list[Spec]:
    """All declarations of a module. Each plugin has a manager of its own: there is no other plugin whose call it could disturb."""
    manager = pluggy.PluginManager("mridiff")
    manager.add_hookspecs(hookspecs)
    manager.register(module, name=source.plugin)
    manager.check_pending()
    specs: list[Spec] = []
    for kind, kind_of_spec in KINDS.items():
        hook = f"mridiff_{kind}s"
        caller = getattr(manager.hook, hook)
        if not caller.get_hookimpls():
            continue
        try:
            found = _results(caller())
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            problems.append(f"{hook} raised {said(error)}")
            continue
        problems += [f"{hook} gave {item!r:.80}, not a {kind_of_spec.__name__}" for item in found if not isinstance(item, kind_of_spec)]
        specs += [item for item in found if isinstance(item, kind_of_spec)]
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
