"""The page of algorithm boxes, made of the samplers themselves when the site is built: every loop as it runs, side by side."""

from __future__ import annotations

import ast
import html
import inspect
from collections.abc import Callable, Iterator
from textwrap import dedent
from types import CodeType
from typing import TYPE_CHECKING, Any

from mridiff import Registry
from mridiff_sdk.reverse import cold_chain

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

PATH = "reference/algorithms.md"
HEAD = """# Algorithm boxes

Every installed sampler's loop as it runs, taken from its source when this page was built: `prior`, `problem` and `rng` come in, steps come
out. `Reverse` ([why](../decisions/0013-reverse.md)) is a prior bound to the problem; where other samplers go on with a loop, its `along`
is shown, which is given that `chain`. What a loop takes of the kit is named below it.
"""
GROUPS = {"With a prior": True, "Without a prior": False}


def page() -> str:
    """The page as Markdown; boxes by name, those that call a prior first."""
    parts = [HEAD]
    found = Registry.discover().entries("sampler")
    for title, prior in GROUPS.items():
        boxes = [_box(e.spec.name, e.plugin, e.load()) for e in found if bool(e.spec.priors) == prior]  # type: ignore[attr-defined]
        shared = [_pre("cold_chain", "mridiff_sdk.reverse", cold_chain)] if prior else []
        parts += [f"\n## {title}\n", '<div class="boxes">', *boxes, *shared, "</div>"]
    return "\n".join(parts)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Called by mkdocs: adds the page to those on disk."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, PATH, content=page()))
    return files


def _box(name: str, plugin: str, sampler: type[Any]) -> str:
    """The box of a sampler: of its loop `along` a process, where it lets other samplers go on with it, else of its trajectory."""
    return _pre(name, plugin, getattr(sampler, "along", sampler.trajectory), inspect.cleandoc(sampler.__doc__ or "").split("\n\n")[0])


def _pre(name: str, place: str, function: Callable[..., Any], says: str = "") -> str:
    """One box: name, where it is from, what it says of itself, its lines, and what of the kit it calls."""
    written = inspect.unwrap(function)
    kit = sorted(n for n in set(_names(written.__code__)) if _of_the_kit(written.__globals__.get(n)))
    lines = html.escape(_body(function), quote=False)
    return "\n".join([
        "<section>", f'<h3 id="{name}">{name} <small>{place}</small></h3>', f"<p>{html.escape(says, quote=False)}</p>",
        f"<pre><code>{lines}</code></pre>", f"<p><small>of the kit: {', '.join(kit) or 'nothing'}</small></p>", "</section>",
    ])  # fmt: skip


def _body(function: Callable[..., Any]) -> str:
    """The lines of a function below its docstring."""
    source = dedent(inspect.getsource(function))
    tree = ast.parse(source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    told = tree.body[0] if ast.get_docstring(tree) is not None else None
    first = told.end_lineno if told is not None else tree.body[0].lineno - 1
    return dedent("\n".join(source.splitlines()[first:]))


def _names(code: CodeType) -> Iterator[str]:
    """The global names that a function and what is defined inside it use."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _of_the_kit(value: object) -> bool:
    return str(getattr(value, "__module__", "")).startswith("mridiff_sdk")
