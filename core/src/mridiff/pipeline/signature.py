"""A component's constructor signature is its configuration: the pydantic model is derived from it."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from ..errors import Mistake


@lru_cache(maxsize=256)
def options_model(function: Callable[..., Any], skip: tuple[str, ...] = ()) -> type[BaseModel]:
    """The model of the arguments of `function` but `skip`: types, bounds and defaults from the signature, unknown keys refused.

    A plain string among the metadata of an `Annotated` type is the argument's description.
    """
    # The types of a dataclass are those of its fields: its constructor does not know from which modules they were inherited.
    target = function.__init__ if isinstance(function, type) and not is_dataclass(function) else function  # type: ignore[misc]
    hints = get_type_hints(target, include_extras=True)
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in skip or parameter.kind in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}:
            continue
        hint = hints.get(name, Any)
        default = ... if parameter.default is parameter.empty else parameter.default
        described = _description(hint)
        fields[name] = (hint, Field(default, description=described) if described else default)
    config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, protected_namespaces=(), coerce_numbers_to_str=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Field name .* shadows an attribute")  # an argument may be called `validate` or `copy`
        return create_model(getattr(function, "__name__", "Options"), __config__=config, **fields)


def _description(hint: Any) -> str:
    words = [m for m in get_args(hint)[1:] if isinstance(m, str)] if get_origin(hint) is Annotated else []
    return " ".join(words)


def describe(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The options of a model as plain data: name, type with bounds, default, description."""
    rows = []
    for name, info in model.model_fields.items():
        bounds = ", ".join(str(m) for m in info.metadata if not isinstance(m, str))
        kind = getattr(info.annotation, "__name__", None) or str(info.annotation).replace("typing.", "")
        default = "required" if info.is_required() else info.default
        rows.append({"name": name, "type": kind, "bounds": bounds, "default": default, "description": info.description or ""})
    return rows


def validate_options(model: type[BaseModel], options: Mapping[str, Any], path: str) -> tuple[dict[str, Any], list[Mistake]]:
    """The options with all defaults filled in, and every mistake found, each with its path."""
    try:
        return dict(model(**options)), []
    except ValidationError as error:
        return {}, [_mistake(e, model, path) for e in error.errors()]


def _mistake(error: Any, model: type[BaseModel], path: str) -> Mistake:
    where = ".".join(filter(None, (path, *map(str, error["loc"]))))
    if error["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        if len(error["loc"]) > 1:
            return Mistake(where, "no such option")
        near = get_close_matches(str(error["loc"][-1]), list(model.model_fields), n=1)
        known = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(model.model_fields) or 'none'}"
        return Mistake(where, f"no such option; {known}")
    if error["type"] == "missing":
        return Mistake(where, "this option is required")
    text = error["msg"][0].lower() + error["msg"][1:]
    return Mistake(where, f"{text}, got {error['input']!r}")
