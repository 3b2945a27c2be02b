"""The command line: one thin file per command; nothing heavy is imported before a command needs it."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from .app import application

    application()()
