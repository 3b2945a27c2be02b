"""The command line: one thin file per command; nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os


def main() -> None:
    """Run the command line."""
    # Threads that spin while they wait double the processor time, and on a busy machine the wall time; torch reads this when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from .app import application

    application()()
