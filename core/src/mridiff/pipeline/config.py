"""Configuration: a run as data, from YAML, a recipe's name or a mapping; every mistake reported at once, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import ConfigError, Mistake, MridiffError
from ..io.yaml import Document, read_yaml
from ..plugins.registry import Registry

Source = str | Path | Mapping[str, Any]
"""A run: the name of a method, a YAML file, or the data itself."""


class Node(BaseModel):
    """One component: its registered name, never a dotted path, and its options in a mapping of their own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    use: Annotated[str, Field(description="short or full name of an installed component")]
    options: dict[str, Any] = {}


class RunConfig(BaseModel):
    """A run: what is reconstructed (dataset), how it was measured (operator), what is known (priors), how it is drawn (sampler)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    recipe: str | None = None
    dataset: Node | None = None
    operator: Node | None = None
    priors: dict[str, Node] = {}
    sampler: Node
    seed: int = 0
    samples: Annotated[int, Field(ge=1, description="posterior samples per scan; with `until`, the most")] = 1
    until: Annotated[float | None, Field(gt=0, description="draw until the standard error of the mean is this part of the image")] = None
    batch: Annotated[int, Field(ge=1, description="samples drawn at a time; changes memory, not numbers")] = 4
    device: str = "cpu"


def read_document(path: Path) -> Document:
    """A YAML file as a document; raises ConfigError with line and column where it is not valid."""
    document = read_yaml(path)
    if not isinstance(document.data, dict):
        raise ConfigError([document.mistake((), f"a configuration is a mapping, this is {type(document.data).__name__}")])
    return document


def place(document: Document, path: str, message: str) -> Mistake:
    """A problem at a dotted path, with line and column of the nearest entry that the document has."""
    keys: tuple[str | int, ...] = tuple(int(k) if k.isascii() and k.isdigit() else k for k in path.split(".")) if path else ()
    while keys and keys not in document.values:
        keys = keys[:-1]
    found = document.mistake(keys, message) if keys else Mistake("", message, document.source)
    return replace(found, path=path)


def recipe_document(name: str, registry: Registry) -> Document:
    """The recipe of an installed method; of a short name with several providers it means the component of its own plugin."""
    entry = registry.find("recipe", name)
    own = {key: e.qualified for key, group in registry.conflicts.items() for e in group if e.plugin == entry.plugin}

    def full(kind: str, node: Any) -> Any:
        if not isinstance(node, Mapping):
            return node
        if kind == "priors":
            return {slot: full("prior", one) for slot, one in node.items()}
        return {**node, "use": own[key]} if (key := (kind, str(node.get("use")))) in own else node

    document = read_document(entry.path())
    return replace(document, data={key: full(key, node) for key, node in document.data.items()})


def parse(source: Source, registry: Registry, changes: Mapping[str, Any] | None = None) -> tuple[RunConfig, Document]:
    """A run from a method's name, a YAML file or a mapping; `changes` are merged over it. Raises ConfigError with all mistakes."""
    document = _document(source, registry)
    if "recipe" in (changes or {}):
        raise ConfigError([Mistake("recipe", "a change cannot choose another method")], hint="Name the method itself.")
    base = document.data.get("recipe")
    data: Mapping[str, Any] = document.data
    if isinstance(base, str):
        try:
            data = merged(recipe_document(base, registry).data, data)
        except MridiffError as error:
            raise ConfigError([place(document, "recipe", error.message)], hint=error.hint) from error
    data = merged(data, changes or {})
    try:
        return RunConfig.model_validate(data), document
    except ValidationError as error:
        raise ConfigError([_mistake(e, document) for e in error.errors()]) from error


def _document(source: Source, registry: Registry) -> Document:
    if isinstance(source, Mapping):
        return Document(source, "configuration", {}, {})
    text = str(source)
    if isinstance(source, Path) or text.endswith((".yaml", ".yml")):
        return read_document(Path(source))
    data = merged(recipe_document(text, registry).data, {"recipe": registry.find("recipe", text).qualified})
    return Document(data, f"recipe {text}", {}, {})


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `base`, mapping by mapping; a node that uses another component takes no options from the base."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            other = "use" in old and "use" in value and value["use"] != old["use"]
            result[key] = dict(value) if other else merged(old, value)
        else:
            result[key] = value
    return result


def _mistake(error: Any, document: Document) -> Mistake:
    path = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        known = list(Node.model_fields if len(error["loc"]) > 1 else RunConfig.model_fields)
        near = get_close_matches(str(error["loc"][-1]), known, n=1)
        tip = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        return place(document, path, f"no such entry; {tip}")
    if error["type"] == "missing":
        return place(document, path, "this entry is required")
    text = error["msg"][0].lower() + error["msg"][1:]
    return place(document, path, f"{text}, got {error['input']!r}")
