"""The application: commands of the core, and those that other packages add through the entry-point group `mridiff.commands`."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from ..errors import MridiffError
from .common import report

GROUP = "mridiff.commands"


class Commands(TyperGroup):
    """Turns an error that mridiff raises on purpose into its message and exit code, without a traceback unless --debug."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except MridiffError as error:
            if ctx.params.get("debug"):
                raise
            report(error)
            raise SystemExit(error.exit_code) from error


def application() -> typer.Typer:
    """The command line with all installed commands."""
    from importlib_metadata import entry_points

    from . import compare, doctor, inspect, matrix, recon, validate

    app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
                      help="Diffusion-model MRI reconstruction: any prior, operator and sampler, comparable numbers.")  # fmt: skip

    @app.callback()
    def options(debug: bool = typer.Option(False, "--debug", help="Show tracebacks.")) -> None:
        pass

    app.command("recon")(recon.recon)
    app.command("compare")(compare.compare)
    app.command("list")(inspect.list_components)
    app.command("show")(inspect.show)
    app.command("validate")(validate.validate)
    app.command("matrix")(matrix.matrix)
    app.command("doctor")(doctor.doctor)
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        app.command(entry.name)(entry.load())
    return app
