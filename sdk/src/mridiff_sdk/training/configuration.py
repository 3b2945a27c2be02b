"""Configuration: the YAML of a training, checked against the signature of the function that takes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mridiff.errors import ConfigError
from mridiff.pipeline.config import place, read_document
from mridiff.pipeline.signature import options_model, validate_options


def read_configuration(path: Path, training: Callable[..., Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The keyword arguments that a file gives to `training`, all defaults filled in, and the plain data of the file.

    Raises ConfigError with every problem (unknown keys, missing ones, wrong types, broken bounds), each with file, line and column.
    """
    document = read_document(path)
    model = options_model(training, skip=("run",))
    arguments, problems = validate_options(model, document.data, "")
    if problems:
        raise ConfigError([place(document, p.path, p.message) for p in problems])
    return arguments, document.data
