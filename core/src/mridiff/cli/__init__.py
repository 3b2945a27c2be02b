"""The command line: one thin file per command; nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line."""
    # Threads that spin while they wait double the processor time, and on a busy machine the wall time; torch reads this when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # names of files may hold what the terminal has no letter for
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    from .ending import listen, told

    listen()
    with told("--debug" in sys.argv):
        from .app import application

        application()()
