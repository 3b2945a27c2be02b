"""Folder: where results go. One run holds it at a time, and only what a run made and marked is ever removed from it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Any

from ..errors import ConfigError, DataError, Mistake
from ..io.atomic import lock, regular
from .record import plain, write_json

OWN = {"run.json", "record.json", "index.html"}  # what a run leaves beside the folders of scans


class Folder(AbstractContextManager["Folder"]):
    """An output folder, held until it is released or the process ends.

    `run.json` says whose results it holds, and a random token that `mark` puts into the names of what is half-written. Raises ConfigError
    if they are those of another run, DataError if a run holds it now or it cannot be written.
    """

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        self.path, self._marker, self._places = path, path / "run.json", dict[str, str]()
        try:
            path.mkdir(parents=True, exist_ok=True)
            with ExitStack() as held:
                held.callback(os.close, lock(path))
                self.mark = f".partial-{self._token(plain(head))}-"
                for leftover in path.glob(f"{self.mark}*"):
                    shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
                self._held = held.pop_all()
        except BlockingIOError as error:
            raise DataError(f"another run is writing to {path}", hint="Wait until it ends, or choose another folder with -o.") from error
        except OSError as error:
            raise DataError(
                f"cannot write to {error.filename or path}: {error.strerror or error}", hint="Choose a writable folder with -o."
            ) from error

    def _token(self, head: Mapping[str, Any]) -> str:
        found: dict[str, Any] = {}
        with suppress(FileNotFoundError, ValueError, TypeError, RecursionError):
            found = dict(json.loads(regular(self._marker).read_bytes()))
        self._new, token = not found, str(found.pop("token", ""))
        if not self._new and found != head:
            raise ConfigError([Mistake("", "this folder holds a run of another configuration, version or machine setting", str(self.path))],
                              hint="Choose another folder with -o, or delete this one.")  # fmt: skip
        if not re.fullmatch("[0-9a-f]{16}", token):
            with suppress(FileNotFoundError):  # a damaged marker is put aside: each scan's own record says what it was made from
                self._marker.replace(self.path / "run.json.old")
            token = secrets.token_hex(8)
            write_json(self._marker, {"token": token, **head})
        return token

    def __exit__(self, *exc: object) -> None:
        self._held.close()

    def place(self, name: str, scan: str) -> Path:
        """The folder `name` for the results of a scan; raises DataError if it was given away already, or something else is in its place."""
        place, other = self.path / name, self._places.get(name)
        if other is not None:
            raise DataError(f"{scan} and {other} would share the folder {place}", hint="Give the scans names of their own.")
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise DataError(f"{place} is in the way of the results of {scan}", hint="Move it, or choose another folder with -o.")
        self._places[name] = scan
        return place

    def discard(self) -> None:
        """Take the marker away again if it is new, and the folder if it is empty."""
        if self._new:
            self._marker.unlink(missing_ok=True)
            with suppress(OSError):
                self.path.rmdir()


def folder_name(scan: str) -> str:
    """A scan's id as the name of a file or folder: letters and digits of all scripts, dot, dash, underscore.

    A name that had to be changed ends in a hash of the id, so that two ids never share one.
    """
    kept = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", scan)).strip(".-")
    while len(kept.encode()) > 120:  # file systems allow 255 bytes; suffixes and marks come on top
        kept = kept[:-1]
    if kept == scan and kept not in OWN:
        return kept
    return f"{kept or 'scan'}-{hashlib.sha256(scan.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"
