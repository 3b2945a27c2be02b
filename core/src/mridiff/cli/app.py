"""The application: commands of the core and of other packages, all found through the entry-point group `mridiff.commands`."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from ..errors import ConfigError, Mistake, MridiffError, PluginContractError
from ..plugins.importing import guarded, imported
from ..plugins.sources import COMMANDS, CORE, Source, Survey
from .ending import told

Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
Block = Annotated[list[str] | None, typer.Option("-p", metavar="no:NAME", help="Leave out a plugin, command or service; may stand anywhere.")]  # fmt: skip  # noqa: E501


class Commands(TyperGroup):
    """Commands by name, each imported when it is used or listed, so that a broken one stops no other."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Take `-p no:NAME` out of the line, wherever it stands: it must act before anything is imported."""
        with told():
            names, rest = _blocks(args)
            if names:
                before = os.environ.get("MRIDIFF_BLOCK", "")
                os.environ["MRIDIFF_BLOCK"] = ",".join((before, *names))
                ctx.call_on_close(lambda: os.environ.update(MRIDIFF_BLOCK=before))
            self.commands = dict.fromkeys(self.list_commands(ctx))  # type: ignore[assignment]  # by name, for "did you mean"
            return super().parse_args(ctx, rest)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with told(bool(ctx.params.get("debug"))):
            return super().invoke(ctx)

    @cached_property
    def _survey(self) -> Survey:
        survey = Survey.take()
        if not all(error.group for error in survey.failures):  # torch and pydantic read all metadata too, and break where one is damaged
            os.environ.setdefault("TORCH_DEVICE_BACKEND_AUTOLOAD", "0")
            os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
        return survey

    def list_commands(self, ctx: Any) -> list[str]:
        """The core's commands, then those of other packages."""
        own = [source.plugin for source in CORE]
        return [*own, *sorted(self._survey.of(COMMANDS).keys() - own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; one that cannot be used says why when it is called."""
        try:
            source = self._survey.find(COMMANDS, cmd_name)
            return None if source is None else _command(source)
        except MridiffError as error:
            return _excuse(cmd_name, error)


def _command(source: Source) -> TyperCommand:
    function = imported(source, source.module)
    with guarded(source, PluginContractError, "reading its arguments"):
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        alone.command(source.plugin)(function)
        command = typer.main.get_command(alone)
    assert isinstance(command, TyperCommand)
    return command


def _excuse(name: str, error: MridiffError) -> TyperCommand:
    def excuse() -> NoReturn:
        raise error

    anything = {"ignore_unknown_options": True, "allow_extra_args": True}
    return TyperCommand(name, callback=excuse, context_settings=anything, add_help_option=False, rich_markup_mode=None,
                        help="Cannot be used; `mridiff doctor` says why.")  # fmt: skip


def _blocks(args: list[str]) -> tuple[list[str], list[str]]:
    """The names after `-p no:`, and the other arguments."""
    names, rest, words = [], [], iter(args)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "-p" or word.startswith("-pno:"):
            given = next(words, "") if word == "-p" else word.removeprefix("-p")
            if not given.removeprefix("no:") or not given.startswith("no:"):
                raise ConfigError([Mistake("-p", f"expected no:NAME, got {given!r}")])
            names.append(given.removeprefix("no:"))
        else:
            rest.append(word)
    return names, rest


def application() -> typer.Typer:
    """The command line with all installed commands."""
    app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
                      help="Diffusion-model MRI reconstruction: any prior, operator and sampler, comparable numbers.")  # fmt: skip

    @app.callback()
    def options(debug: Debug = False, block: Block = None) -> None:
        pass

    return app
