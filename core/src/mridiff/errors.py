"""The error family: every error says what, where, why and what to do; list types report all mistakes at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["ConfigError", "DataError", "Incompatible", "Mismatch", "MissingPackage", "Mistake", "MridiffError", "NotFound",
           "PluginApiMismatch", "PluginConflict", "PluginContractError", "PluginError", "PluginImportError", "SpecError", "Stopped",
           "Unexpected", "UnsafeInput", "boundary", "printable", "said"]  # fmt: skip

SHOWN = 20
"""Mistakes that one message lists."""


class MridiffError(Exception):
    """Base of all errors that mridiff raises on purpose; `hint` says what to do, `details` is JSON-able."""

    code = "DR100"
    exit_code = 2

    def __init__(self, message: str, *, hint: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = printable(message, keep="\n")
        self.hint = hint
        self.details = dict(details or {})

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message

    def as_dict(self) -> dict[str, Any]:
        """The error as plain data, for `--json`."""
        return {"code": self.code, "message": self.message, "hint": self.hint, **self.details}


class PluginError(MridiffError):
    """A fault of an installed plugin; names the plugin, its distribution and version."""

    exit_code = 3

    group = ""

    def __init__(self, message: str, *, plugin: str = "?", distribution: str = "?", version: str = "?", hint: str = "") -> None:
        super().__init__(message, hint=hint, details={"plugin": plugin, "distribution": distribution, "version": version})
        self.plugin, self.distribution, self.version = plugin, distribution, version


class PluginImportError(PluginError):
    """A plugin module, or the target of a spec, failed to import."""

    code = "DR101"


class PluginContractError(PluginError):
    """A plugin breaks the contract: a bad spec, an unknown hook, a class that lacks a method."""

    code = "DR102"


class PluginConflict(PluginError):
    """One name, several providers; raised on use, names them all."""

    code = "DR103"
    exit_code = 2


class PluginApiMismatch(PluginError):
    """A spec was written for another version of the interfaces."""

    code = "DR104"


class SpecError(ValueError):
    """A spec object is malformed; raised where it is constructed, with field, value and rule."""


class NotFound(MridiffError):
    """No component of that kind and name; lists near names and providers that failed."""

    code = "DR110"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One fault in a configuration: where (`path`, `source`, `line`, `column`) and what."""

    path: str
    message: str
    source: str = ""
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}:{self.column}: " if self.line is not None else (f"{self.source}: " if self.source else "")
        path, message = (t if len(t) < 500 else f"{t[:400]} ... ({len(t)} letters)" for t in (self.path, self.message))
        return f"{place}{path}: {message}" if path else f"{place}{message}"


class ConfigError(MridiffError):
    """A configuration is wrong; carries every mistake found."""

    code = "DR120"

    def __init__(self, mistakes: Sequence[Mistake], *, hint: str = "") -> None:
        self.mistakes = tuple(mistakes)
        more = [f"... and {len(mistakes) - SHOWN} more"] if len(mistakes) > SHOWN else []
        super().__init__("\n".join([*map(str, mistakes[:SHOWN]), *more]), hint=hint, details={"mistakes": [asdict(p) for p in mistakes]})


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One reason why two components do not fit, and what would fit instead."""

    slot: str
    user: str
    provider: str
    needs: tuple[str, ...]
    offers: tuple[str, ...]
    fixes: tuple[str, ...] = ()

    def __str__(self) -> str:
        fits = f"\n    works with: {', '.join(self.fixes)}" if self.fixes else "\n    nothing installed fits"
        offers = ", ".join(self.offers) or "nothing"
        return f"{self.user} cannot run with {self.slot} {self.provider}:\n    needs {', '.join(self.needs)}    offers {offers}{fits}"


class Incompatible(MridiffError):
    """Components that cannot work together; carries every mismatch."""

    code = "DR130"

    def __init__(self, mismatches: Sequence[Mismatch]) -> None:
        self.mismatches = tuple(mismatches)
        super().__init__("\n".join(map(str, mismatches)), details={"mismatches": [asdict(m) for m in mismatches]})


class DataError(MridiffError):
    """A scan or file violates its contract: wrong type, shape, non-finite values, missing parts."""

    code = "DR140"


class UnsafeInput(MridiffError):
    """Input that is refused for safety: links out of a file, oversize claims, path escapes, pickles, wrong checksums."""

    code = "DR150"


class MissingPackage(MridiffError):
    """What was asked for needs an optional package that is not installed; the hint says how to install it."""

    code = "DR180"


class Stopped(MridiffError):
    """The user, or the system, asked the program to end."""

    code = "DR160"
    exit_code = 130


class Unexpected(MridiffError):
    """An exception that nobody foresaw: a fault of mridiff, of a plugin or of a library."""

    code = "DR170"
    exit_code = 1


@contextmanager
def boundary(what: str, hint: str = "", kind: type[MridiffError] = DataError) -> Iterator[None]:
    """Whatever is raised inside leaves as one error of the family that begins with `what`, with its cause behind it.

    Errors of the family pass as they are, and so do KeyboardInterrupt and SystemExit. Raised where foreign code ends (a library that
    reads a file, a plugin), so that nobody further out needs a list of what such code may raise.
    """
    try:
        yield
    except (MridiffError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # libraries written in other languages raise errors that are no Exception
        raise kind(f"{what}: {said(error)}", hint=hint) from error


def said(error: BaseException) -> str:
    """What an error of a library says: its kind and its words, as one line that a terminal can show."""
    try:
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    except BaseException:  # an error of a plugin may fail to say what it is
        text = ""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:1000]).split())[:300]
    return f"{type(error).__name__}: {line}" if line else type(error).__name__


def printable(text: str, keep: str = "") -> str:
    """A text whose control characters, directions and broken encodings are written out (as \\x1b), so that a terminal may show it."""
    kept = f"{keep}\u200c\u200d"  # the joiners of Persian, Hindi and emoji
    return "".join(ascii(c)[1:-1] if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and c not in kept else c for c in text)
