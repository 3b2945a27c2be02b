"""YAML without surprises: 1.2 numbers and booleans, no tags, no repeated keys, and the place of everything."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, Mistake, UnsafeInput, said
from .atomic import regular

if TYPE_CHECKING:
    import yaml

Keys = tuple[str | int, ...]
SIZE_LIMIT = 2**16
NODE_LIMIT = 50_000
"""Nodes with every alias written out; a page of nested aliases can stand for billions."""

DEPTH_LIMIT, MISTAKE_LIMIT = 50, 20

TAG = "tag:yaml.org,2002:"
SCALARS = {
    "null": (re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
    "bool": (re.compile(r"true|True|TRUE|false|False|FALSE"), list("tTfF")),
    "int": (re.compile(r"[-+]?(0|[1-9][0-9]*)"), list("-+0123456789")),
    "float": (
        re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
        list("-+.0123456789"),
    ),
}
"""What a plain word may mean besides text. `012`, `1_000`, `1:30`, `yes`, `on` and dates are text."""


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data and where it stood: `keys` and `values` map a path, like `("stages", 0, "steps")`, to (line, column) from 1."""

    data: Any
    source: str
    keys: Mapping[Keys, tuple[int, int]]
    values: Mapping[Keys, tuple[int, int]]

    def mistake(self, path: Keys, message: str, *, at_key: bool = False) -> Mistake:
        """A Mistake that points at a value or, with `at_key`, at its key; at the nearest enclosing one if the path is not there."""
        places = {**self.values, **{k: v for k, v in self.keys.items() if at_key}}
        near = next((path[:n] for n in range(len(path), -1, -1) if path[:n] in places), None)
        line, column = places[near] if near is not None else (1, 1)
        return Mistake(".".join(map(str, path)), message, self.source, line, column)


def read_yaml(path: str | Path) -> Document:
    """The document in a file; raises ConfigError with every mistake, UnsafeInput beyond 64 KiB or 50,000 nodes."""
    path = Path(path)
    try:
        with regular(path).open("rb") as file:
            raw = file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        raise ConfigError([Mistake("", f"the file cannot be read: {said(error)}", str(path))]) from error
    if len(raw) > SIZE_LIMIT:
        raise UnsafeInput(f"{path}: the file is longer than {SIZE_LIMIT} bytes")
    try:
        return parse_yaml(raw.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        raise ConfigError([Mistake("", f"the file is not UTF-8 text: {error.reason} at byte {error.start}", str(path))]) from error


def parse_yaml(text: str, source: str = "<text>") -> Document:
    """The document in a text; raises ConfigError with every mistake, UnsafeInput beyond 64 KiB or 50,000 nodes."""
    import yaml

    if len(text) > SIZE_LIMIT:
        raise UnsafeInput(f"{source}: the text is longer than {SIZE_LIMIT} characters")
    walk = _Walk(source)
    try:
        node = yaml.compose(text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(filter(None, (error.context, error.problem)))
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise ConfigError([Mistake("", message, source, line, column)]) from error
    except RecursionError as error:
        raise UnsafeInput(f"{source}: the document is nested too deeply") from error
    except Exception as error:
        raise ConfigError([Mistake("", f"this is not YAML: {said(error)}", source)]) from error
    data = None if node is None else walk.value(node, ())
    if walk.mistakes:
        raise ConfigError(walk.mistakes)
    return Document(data, source, MappingProxyType(walk.keys), MappingProxyType(walk.values))


class _Walk:
    """Turns nodes into data, collecting places and mistakes."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.keys: dict[Keys, tuple[int, int]] = {}
        self.values: dict[Keys, tuple[int, int]] = {}
        self.mistakes: list[Mistake] = []
        self._open: set[int] = set()
        self._nodes = 0

    def value(self, node: yaml.Node, path: Keys) -> Any:
        """The data of a node; aliases are written out, so no two parts of the result are one object."""
        self._nodes += 1
        if self._nodes > NODE_LIMIT:
            raise UnsafeInput(f"{self.source}: with its aliases written out the document has more than {NODE_LIMIT} nodes")
        if len(path) > DEPTH_LIMIT:
            raise UnsafeInput(f"{self.source}: the document is nested too deeply: more than {DEPTH_LIMIT} levels")
        if id(node) in self._open:
            return self._mistake(path, node, "it contains itself, through an alias")
        self.values[path] = _place(node)
        self._open.add(id(node))
        data = self._data(node, node.tag.removeprefix(TAG), path)
        self._open.discard(id(node))
        return data

    def _data(self, node: yaml.Node, kind: str, path: Keys) -> Any:
        if isinstance(node.value, str) and kind in {"str", *SCALARS}:
            return self._scalar(node, kind, path)
        if isinstance(node.value, list) and kind == "map":
            return self._mapping(node, path)
        if isinstance(node.value, list) and kind == "seq":
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        return self._mistake(path, node, f"the tag {node.tag!r} is not allowed here; write plain data")

    def _mapping(self, node: yaml.Node, path: Keys) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag != f"{TAG}str" or not isinstance(key.value, str):
                name = repr(key.value) if isinstance(key.value, str) else "here"
                self._mistake(path, key, f"the key {name} is not text; put it in quotes")
                continue
            inner = (*path, key.value)
            if key.value in data:
                line, column = self.keys[inner]
                self._mistake(inner, key, f"the key {key.value!r} stands here and in line {line}, column {column}")
                continue
            self.keys[inner] = _place(key)
            data[key.value] = self.value(value, inner)
        return data

    def _scalar(self, node: yaml.Node, kind: str, path: Keys) -> Any:
        text: str = node.value
        if kind == "str":
            return text
        if not SCALARS[kind][0].fullmatch(text):
            return self._mistake(path, node, f"{text!r} is not a value of type {kind}")
        if kind == "int":
            return int(text) if len(text) < 1000 else self._mistake(path, node, "the number is too long")
        if kind == "float":
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        return text.lower() == "true" if kind == "bool" else None

    def _mistake(self, path: Keys, node: yaml.Node, message: str) -> Any:
        self.mistakes.append(Mistake(".".join(map(str, path)), message, self.source, *_place(node)))
        if len(self.mistakes) >= MISTAKE_LIMIT:
            raise ConfigError(self.mistakes, hint="There may be more; these come first.")


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


@functools.cache
def _loader() -> type[yaml.SafeLoader]:
    import yaml

    class Loader(yaml.SafeLoader):
        """Composes nodes; what a plain word means is decided by SCALARS alone."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    for kind, (pattern, first) in SCALARS.items():
        Loader.add_implicit_resolver(f"{TAG}{kind}", re.compile(rf"(?:{pattern.pattern})\Z"), first)
    return Loader
