"""Files that are either complete or absent, and paths that stay inside their folder."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..errors import UnsafeInput


@contextmanager
def write_atomically(path: str | Path) -> Iterator[Path]:
    """A temporary path in the same folder and with the same suffixes, renamed to `path` when the block ends well.

    Whatever ends the block otherwise, the temporary file is removed and an earlier file at `path` stays as it was.
    """
    path = Path(path)
    temporary = path.with_name(f".{secrets.token_hex(4)}-{path.name}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def contained(root: str | Path, path: str | Path) -> Path:
    """The resolved path of a file below `root`, links followed first.

    Raises UnsafeInput for an absolute path, one with `..`, or one that leads out of `root` through a link.
    """
    text = str(path)
    if PurePosixPath(text).is_absolute() or PureWindowsPath(text).drive or text.startswith("\\"):
        raise UnsafeInput(f"{text!r} is an absolute path; it must be relative to {root}")
    if ".." in PureWindowsPath(text).parts:
        raise UnsafeInput(f"{text!r} contains '..'; it must stay inside {root}")
    try:
        base = Path(root).resolve()
        resolved = (base / text).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise UnsafeInput(f"{text!r} cannot be resolved inside {root}: {error}") from error
    if not resolved.is_relative_to(base):
        raise UnsafeInput(f"{text!r} leads out of {root}, to {resolved}", hint="replace the link by the file itself")
    return resolved
