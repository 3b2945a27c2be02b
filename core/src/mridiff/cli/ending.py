"""How a command ends: whatever stops it becomes one message of the error family and an exit code by kind, here and nowhere else."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from traceback import extract_tb

import typer

from ..errors import DataError, MridiffError, Stopped, Unexpected, said

BROKEN_PIPE = 128 + 13
"""What a shell calls the end of a program whose reader went away."""
KEPT = "What was finished is kept."


class Terminated(KeyboardInterrupt):
    """The system asked the program to end, with the signal in `args`: passes wherever an interrupt passes."""


def listen() -> None:
    """Let SIGTERM and SIGHUP end the program as Ctrl-C does: everything is closed and a message told. A second one ends it at once."""

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise Terminated(signal.Signals(number))

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, stop)


@contextmanager
def told(debug: bool = False) -> Iterator[None]:
    """Turns every exception into its message and SystemExit with its code; passes the command line's own, and all with `debug`."""
    try:
        yield
    except (typer.Exit, typer.Abort, SystemExit):
        raise
    except BaseException as error:
        if debug or hasattr(error, "show"):  # a usage error, which the command line tells by itself
            raise
        known, gone = of_the_family(error), isinstance(error, BrokenPipeError)
        try:
            if not gone:
                report(known)
            sys.stdout.flush()
        except (OSError, ValueError, AttributeError):  # what was still to be written there goes nowhere, instead of into complaints
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            with suppress(OSError):
                typer.echo("" if gone else f"error {known.code}: {known}\n", err=True, nl=False)
        raise SystemExit(BROKEN_PIPE if gone else known.exit_code) from error


def of_the_family(error: BaseException) -> MridiffError:
    """The error that says of any exception what happened, and what to do."""
    if isinstance(error, MridiffError):
        return error
    if isinstance(error, KeyboardInterrupt):
        number = error.args[0] if isinstance(error, Terminated) else signal.SIGINT
        stopped = Stopped(" ".join([f"stopped by {number.name}", *getattr(error, "__notes__", ())]), hint=KEPT)
        stopped.exit_code = 128 + number
        return stopped
    if isinstance(error, MemoryError):
        return DataError(f"there is not enough memory: {said(error)}", hint="Draw fewer samples at a time: --set batch=1.")
    if isinstance(error, OSError):
        place = f": {error.filename}" if error.filename else ""
        return DataError(f"{error.strerror or said(error)}{place}", hint="Is the file or folder there, with room and rights to write?")
    frames = extract_tb(error.__traceback__)
    where = f" (in {os.path.relpath(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    return Unexpected(f"{said(error)}{where}", hint="A fault of mridiff or of a plugin; `mridiff --debug ...` shows where it comes from.")


def report(error: MridiffError) -> None:
    """Print an error for a person, or as JSON where the command was asked for JSON."""
    if "--json" in sys.argv:
        import json

        typer.echo(json.dumps({"error": error.as_dict()}, indent=2, default=str))
    else:
        typer.secho(f"error {error.code}: {error.message}", fg="red", err=True)
        if error.hint:
            typer.echo(f"  {error.hint}", err=True)
