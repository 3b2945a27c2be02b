"""Importing what a plugin brings: whatever goes wrong becomes one error that names the plugin; one that hangs is named while it does."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from threading import Timer
from typing import Any

from ..errors import PluginError, PluginImportError, said
from .sources import Source, fault

PATIENCE = 2.0
"""Seconds after which a plugin that is still being imported is named on stderr."""
ABSENT: Any = object()


@contextlib.contextmanager
def guarded(source: Source, kind: type[PluginError], what: str) -> Iterator[None]:
    """Runs code of a plugin. Only KeyboardInterrupt passes as it is; anything else leaves as `kind`, that `what` failed.

    What the code prints goes to stderr, so that it cannot spoil `--json`.
    """
    name = f"{source} ({source.distribution} {source.version})"
    watch = Timer(PATIENCE, lambda: print(f"still waiting for {name}: {what} ...", file=sys.stderr, flush=True))  # noqa: T201
    watch.daemon = True
    watch.start()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except KeyboardInterrupt as error:
        error.add_note(f"while waiting for {name}")
        raise
    except BaseException as error:  # asyncio.CancelledError, SystemExit and a plugin's own are no Exception
        raise fault(kind, source, f"{what} failed: {said(error)}", _missing(source, error)) from error
    finally:
        watch.cancel()
        watch.join()


def imported(source: Source, target: str, whose: str = "") -> Any:
    """A module or, where the target reads `module:name`, what it holds under that name; raises PluginImportError.

    `whose` begins the message, as "prior 'unet': ".
    """
    module, _, name = target.partition(":")
    with guarded(source, PluginImportError, f"{whose}importing {module}"):
        found: Any = importlib.import_module(module)
        found = getattr(found, name, ABSENT) if name else found
    if found is ABSENT:
        raise fault(PluginImportError, source, f"{whose}the target {target!r} does not exist: {module} has no {name!r}")
    return found


def _missing(source: Source, error: BaseException) -> str:
    """What to do where a module is missing that is not the plugin's own."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if not name or name.partition(".")[0] == source.module.partition(":")[0].partition(".")[0]:
        return ""
    return f"module {name!r} is missing; `pip install --force-reinstall {source.distribution}` brings what it needs"
