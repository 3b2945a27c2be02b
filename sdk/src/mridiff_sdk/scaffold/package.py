"""Package: a new plugin package as file names and texts, checked before anything is written."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from mridiff.errors import ConfigError, Mistake
from mridiff.plugins.registry import Registry
from mridiff.spec import NAME

KINDS = ("operator", "prior", "sampler", "dataset")
"""What a package may contribute, in the order in which its files name them."""

REFERENCE = {"operator": "sense", "prior": "denoiser", "dataset": "brain"}
"""What a recipe takes of the foundation where the package contributes none of its own."""


@dataclass(frozen=True)
class Package:
    """A package `mridiff-SLUG` that contributes one component of each of `kinds`, all of the name SLUG."""

    slug: str
    kinds: tuple[str, ...]

    @property
    def module(self) -> str:
        """Name of the import package."""
        return f"mridiff_{self.slug.replace('-', '_')}"

    @property
    def has_recipe(self) -> bool:
        """Whether it is a whole method: a recipe needs a sampler."""
        return "sampler" in self.kinds

    def mistakes(self, registry: Registry, folder: Path) -> Iterator[Mistake]:
        """All that keeps the package from being made in `folder` beside what is installed."""
        yield from (Mistake("--kind", f"there is no kind {k!r}; kinds: {', '.join(KINDS)}") for k in self.kinds if k not in KINDS)
        if not folder.is_dir():
            yield Mistake("--dir", f"there is no folder {folder}")
        if not NAME.fullmatch(self.slug) or not self.slug[0].isalpha() or len(self.slug) > 40:
            yield Mistake("SLUG", f"{self.slug!r} must be lower-case words joined by single hyphens, at most 40 letters, as 'my-method'")
            return
        if (folder / self.slug).exists():
            yield Mistake("SLUG", f"{folder / self.slug} exists already; nothing in it was touched")
        elif importlib.util.find_spec(self.module) is not None:
            yield Mistake("SLUG", f"a package {self.module} is installed already")
        names = {*self.kinds, "recipe"} if self.has_recipe else set(self.kinds)
        for entry in registry.entries():
            if entry.spec.name == self.slug and entry.spec.kind in names:
                yield Mistake("SLUG", f"{entry.distribution} has a {entry.spec.kind} of that name already")

    def files(self, tools: bool = True) -> dict[str, str]:
        """The texts of all files by path inside the package's folder; with the settings of linter, type checker and tests, or without."""
        source = f"src/{self.module}"
        texts = {
            "pyproject.toml": self._filled("pyproject.toml") + (self._filled("tools.toml") if tools else ""),
            "README.md": "\n".join(self._filled(f"card_{part}.md") for part in ("head", *self._declared(), "use")),
            f"{source}/__init__.py": self._filled("init.py"),
            f"{source}/plugin.py": "\n\n".join(self._filled(f"plugin_{part}.py") for part in ("head", *self._declared())),
            f"{source}/py.typed": "",
            "tests/test_conformance.py": self._filled("test_conformance.py"),
        }
        for kind in self._ordered():
            texts[f"{source}/{kind}.py"] = self._filled(f"{kind}.py")
            texts[f"tests/test_{kind}.py"] = self._filled(f"test_{kind}.py")
        if self.has_recipe:
            texts |= {f"{source}/{name}": self._filled(name) for name in ("recipe.yaml", "studies.py")}
        return texts

    def write(self, folder: Path, registry: Registry | None = None) -> Path:
        """Make the package's folder inside `folder`, whole or not at all; raises ConfigError with every mistake."""
        if found := list(self.mistakes(registry or Registry.discover(), folder)):
            raise ConfigError(found, hint="`mridiff new my-method --kind sampler --kind prior` is a valid call.")
        with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as temporary:
            for name, text in self.files(tools=not _configured(folder.resolve())).items():
                path = Path(temporary, self.slug, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return Path(temporary, self.slug).rename(folder / self.slug)

    def _ordered(self) -> tuple[str, ...]:
        return tuple(k for k in KINDS if k in self.kinds)

    def _declared(self) -> tuple[str, ...]:
        return (*self._ordered(), *(("recipe",) if self.has_recipe else ()))

    def _filled(self, template: str) -> str:
        text = files(__package__).joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
        return _sorted_imports(Template(text).substitute(self._words()))

    def _words(self) -> dict[str, str]:
        """What the templates name: the package, and what its declarations and its recipe take."""
        specs = {f"{name.capitalize()}Spec" for name in self._declared()}
        traits = {*specs, "Trait", *({"Family"} if self.has_recipe else ())}
        demands = ("needs",) if {"operator", "sampler"} & set(self.kinds) else ()
        foundation = [f"mridiff-{kind}s" for kind in REFERENCE if self.has_recipe and kind not in self.kinds]
        use = {f"use_{kind}": f"{self.slug}/{self.slug}" if kind in self.kinds else name for kind, name in REFERENCE.items()}
        return {
            "slug": self.slug, "module": self.module, "Name": "".join(word.capitalize() for word in self.slug.split("-")),
            "kinds": " and ".join(self._ordered()), "spec_names": ", ".join((*sorted(traits), *demands)),
            "foundation": "".join(f'    "{name}>=0.1,<1",\n' for name in sorted(foundation)),
            **use,
        }  # fmt: skip


def _configured(folder: Path) -> bool:
    """Whether a project around `folder` has settings for the linter already, which those of a package would replace."""
    above = (parent / "pyproject.toml" for parent in (folder, *folder.parents))
    return any("[tool.ruff]" in file.read_text(encoding="utf-8") for file in above if file.is_file())


def _sorted_imports(text: str) -> str:
    """Neighbouring imports of this project in order, whatever the new package is called."""
    lines = text.splitlines(keepends=True)
    places = [i for i, line in enumerate(lines) if line.startswith("from mridiff")]
    for i, line in zip(places, sorted((lines[i] for i in places), key=lambda line: line.split()[1]), strict=True):
        lines[i] = line
    return "".join(lines)
