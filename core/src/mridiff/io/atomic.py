"""Files that are either complete or absent, and ordinary; folders that one process holds; paths that stay inside their folder."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..errors import UnsafeInput


@contextmanager
def write_atomically(path: str | Path, mark: str = "") -> Iterator[Path]:
    """A temporary path in the same folder and with the same suffixes, renamed to `path` when the block ends well.

    However else it ends, the temporary file is removed and an earlier one stays. `mark` begins its name, to tell what a killed run left.
    """
    path = Path(path)
    temporary = path.with_name(f"{mark or f'.{secrets.token_hex(4)}-'}{path.name}")
    try:
        yield temporary
        to_disk(temporary)
        temporary.replace(path)
        to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk and outlive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:  # some network file systems cannot do this for a folder
        if not path.is_dir():
            raise
    finally:
        os.close(handle)


def lock(folder: Path) -> int:
    """A handle that holds a folder until it is closed or this process ends, however it ends; raises BlockingIOError where another holds it.

    Nothing is written. On a file system without locks the handle holds nothing.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise
    except OSError:
        pass
    return handle


def regular(path: Path) -> Path:
    """The path of an ordinary file; raises OSError for any other: who opens a pipe or a device may wait, or read, for ever."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not an ordinary file", str(path))
    return path


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
