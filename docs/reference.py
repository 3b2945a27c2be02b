"""Reference pages made when the site is built: interfaces, traits and hooks of the code itself, what was measured of results files.

A page is a text of Markdown; `pages()` gives all of them by path, and mkdocs takes them through `on_files`.
"""

from __future__ import annotations

import ast
import html
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from mridiff import Registry, spec
from mridiff.plugins import hookspecs
from mridiff_sdk.study import results_page
from mridiff_sdk.testing import CHECKS

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

INTERFACES = {
    "operator": ("Operator", "LinearOperator", "ParametricOperator", "Nuisance"),
    "prior": ("Prior", "Scaling"),
    "sampler": ("Sampler", "Step"),
    "dataset": ("Dataset",),
}
SHARED = {
    "scan": ("Scan", "Measured", "Field", "Geometry"),
    "space": ("Space",),
    "problem": ("Problem",),
    "noise": ("Noise", "Gaussian", "Poisson", "Blocks"),
    "diffusion": ("Diffusion",),
    "codec": ("Codec", "Identity"),
    "streams": ("Streams",),
    "objective": ("Objective",),
}


def pages() -> dict[str, str]:
    """All reference pages, path to Markdown."""
    made = {f"reference/{module}.md": _module(module, names) for module, names in INTERFACES.items()}
    shared = [_module(module, names).replace("\n## ", "\n### ").replace("# ", "## ", 1) for module, names in SHARED.items()]
    return {
        **made,
        "reference/shared.md": "\n".join(["# What the interfaces share\n", *shared]),
        "reference/traits.md": _traits(),
        "reference/hooks.md": _hooks(),
        "reference/results.md": results_page(Registry.discover()),
    }


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Called by mkdocs: adds the pages to those on disk."""
    from mkdocs.structure.files import File

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def _module(module: str, names: tuple[str, ...]) -> str:
    found = importlib.import_module(f"mridiff.interfaces.{module}")
    classes = [_class(getattr(found, name)) for name in names]
    return "\n".join([f"# {module.capitalize()}\n", f"`mridiff.interfaces.{module}`. {_text(found.__doc__)}\n", *classes])


def _class(cls: type[Any]) -> str:
    parts = [f"## {cls.__name__}\n", _text(cls.__doc__), ""]
    if is_dataclass(cls):
        parts += ["| field | type | default |", "|---|---|---|", *(_field(f) for f in fields(cls)), ""]
    else:
        parts += _annotations(cls)
    methods = sorted(_methods(cls), key=lambda m: not m[2])
    for name, function, required in methods:
        called = "" if isinstance(vars(cls)[name], property) else _signature(function)
        parts.append(f"**`{name}{called}`**{' - to be written' if required else ''}\n\n: {_text(function.__doc__, '    ')}\n")
    return "\n".join(parts)


def _annotations(cls: type[Any]) -> list[str]:
    names = {n: t for n, t in vars(cls).get("__annotations__", {}).items() if not n.startswith("_")}
    return [f"Attributes: {', '.join(f'`{n}: {t}`' for n, t in names.items())}\n"] if names else []


def _methods(cls: type[Any]) -> Iterator[tuple[str, Callable[..., Any], bool]]:
    """Name, function and whether a subclass must write it; public, documented, of this class itself."""
    for name, value in vars(cls).items():
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if not name.startswith("_") and inspect.isfunction(function) and function.__doc__:
            yield name, function, bool(getattr(value, "__isabstractmethod__", False))


def _signature(function: Callable[..., Any]) -> str:
    shown = [p.replace(annotation=p.empty) for name, p in inspect.signature(function).parameters.items() if name not in {"self", "cls"}]
    return str(inspect.Signature(shown))


def _field(f: Any) -> str:
    default = f"`{f.default!r}`" if f.default is not MISSING else "required" if f.default_factory is MISSING else "empty"
    return f"| `{f.name}` | `{f.type}` | {default} |"


def _traits() -> str:
    """The closed list of traits, each with what it means and the checks that prove it."""
    first = "What a component offers and needs; they alone decide whether parts fit. A claim is proved by checks; one about scans by"
    parts = ["# Traits\n", f"{first} `dataset.contents`."]
    for group, members in _trait_groups().items():
        parts += [f"\n## {group.capitalize()}\n", "| trait | meaning | proved by |", "|---|---|---|"]
        for trait, meaning in members.items():
            checks = [c.id for c in CHECKS if trait in c.requires.all or any(trait in several for several in c.requires.any)]
            parts.append(f"| `{trait}` | {_text(meaning)} | {', '.join(f'`{c}`' for c in checks)} |")
    return "\n".join(parts)


def _trait_groups() -> dict[str, dict[spec.Trait, str]]:
    """Trait to meaning, by the comment that heads its group in the source; a meaning is the string below a member."""
    source = inspect.getsource(spec.Trait)
    lines, body = source.splitlines(), ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    groups: dict[str, dict[spec.Trait, str]] = {}
    for member, below in zip(body.body, [*body.body[1:], None], strict=True):
        if isinstance(member, ast.Assign):
            heads = [line.strip("# ") for line in lines[: member.lineno] if line.strip().startswith("#")]
            told = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            meaning = str(below.value.value) if told else ""  # type: ignore[union-attr]
            groups.setdefault(heads[-1], {})[spec.Trait[ast.unparse(member.targets[0])]] = meaning
    return groups


def _hooks() -> str:
    """The hooks, the declarations that they return and what all of these hold."""
    parts = ["# Hooks and declarations\n", _text(hookspecs.__doc__), ""]
    for kind, declared in spec.KINDS.items():
        function = getattr(hookspecs, f"mridiff_{kind}s")
        parts += [f"## mridiff_{kind}s\n", f"{_text(function.__doc__)}\n", f"**`{declared.__name__}`**: {_text(declared.__doc__)}\n"]
        parts += ["| field | type | default |", "|---|---|---|", *(_field(f) for f in fields(declared)), ""]
    return "\n".join(parts)


def _text(doc: str | None, indent: str = "") -> str:
    """A docstring as Markdown: paragraphs kept, code indented as it is, signs that Markdown would read taken literally."""
    lines = inspect.cleandoc(doc or "").splitlines()
    return f"\n{indent}".join(line if line.startswith("    ") else _literal(line) for line in lines)


def _literal(line: str) -> str:
    return html.escape(line, quote=False).replace("*", r"\*").replace("|", "&#124;")
