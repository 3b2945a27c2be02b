"""Configuration: the YAML of a training, checked against the signature of the function that takes it and the settings of all."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from mridiff.errors import ConfigError, PluginContractError
from mridiff.pipeline.config import place, read_document
from mridiff.pipeline.signature import options_model, validate_options

from .settings import Settings

SETTINGS = tuple(f.name for f in fields(Settings))


def read_configuration(path: Path, training: Callable[..., Any]) -> tuple[dict[str, Any], Settings, dict[str, Any]]:
    """The keyword arguments that a file gives to `training` and its settings, all defaults filled in, and the plain data of the file.

    Raises ConfigError with every problem (unknown keys, missing ones, wrong types, broken bounds), each with file, line and column;
    PluginContractError for a function with an argument of its own that every training has as a setting.
    """
    if taken := sorted(set(SETTINGS) & set(inspect.signature(training).parameters)):
        name = f"{training.__module__}:{training.__qualname__}"
        raise PluginContractError(f"{name} takes {', '.join(taken)}: every training has such a setting", hint="read run.settings instead")
    document = read_document(path)
    own, common = options_model(training, skip=("run",)), options_model(Settings)
    both = types.new_class(own.__name__, (own, common))
    arguments, problems = validate_options(both, document.data, "")
    if problems:
        raise ConfigError([place(document, p.path, p.message) for p in problems])
    return arguments, Settings(**{name: arguments.pop(name) for name in SETTINGS}), document.data
