"""Checks of every component: its declaration, its class, its options."""

from __future__ import annotations

import inspect
import subprocess
import sys

from mridiff.pipeline.plan import configurable, option_rows
from mridiff.pipeline.signature import options_model, validate_options
from mridiff.spec import RecipeSpec, SamplerSpec

from .cases import ComponentCase
from .check import collect, law

HEAVY = ("torch", "numpy", "pydantic", "h5py", "scipy", "matplotlib")


@law("component")
def light(case: ComponentCase) -> None:
    """Importing the module that declares it imports nothing heavy and prints nothing."""
    module = case.entry.source.module
    program = f"import importlib, sys; importlib.import_module({module!r}); sys.stderr.write(','.join(set(sys.modules) & set({HEAVY!r})))"
    command = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}\n{program}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"importing {module} alone failed: {done.stderr.strip()[-300:]}"
    assert not done.stderr, f"importing {module} imports {done.stderr}; declarations name their classes as text"
    assert not done.stdout, f"importing {module} prints {done.stdout[:80]!r}"


@law("component")
def target(case: ComponentCase) -> None:
    """What it points to is there and satisfies the interface of its kind."""
    if isinstance(case.entry.spec, RecipeSpec):
        case.entry.path()
    else:
        case.entry.load()


def _has_options(case: ComponentCase) -> bool:
    return not isinstance(case.entry.spec, RecipeSpec)


@law("component", after=("target",), applies=_has_options)
def arguments(case: ComponentCase) -> None:
    """Its arguments are what the pipeline gives it first (a measurement, priors), and options by keyword after it."""
    spec = case.entry.spec
    given = {"operator": ("measured",)}.get(spec.kind, tuple(spec.priors) if isinstance(spec, SamplerSpec) else ())
    parameters = list(inspect.signature(configurable(case.entry)).parameters.values())
    found = tuple(p.name for p in parameters[: len(given)])
    assert found == given, f"its first arguments are {found}; the pipeline gives {given}"
    loose = [p.name for p in parameters if p.kind in {p.VAR_KEYWORD, p.VAR_POSITIONAL}]
    assert not loose, f"it swallows any argument by {', '.join(loose)}; misspelt options would pass"
    if spec.kind in {"operator", "sampler"}:
        positional = [p.name for p in parameters[len(given) :] if p.kind is not p.KEYWORD_ONLY]
        assert not positional, f"the options {', '.join(positional)} must be keyword-only"


@law("component", after=("arguments",), applies=_has_options)
def options(case: ComponentCase) -> None:
    """Its defaults are valid by its own bounds, and an option that does not exist is refused."""
    spec = case.entry.spec
    skip = ("measured", *(spec.priors if isinstance(spec, SamplerSpec) else ()))
    model = options_model(configurable(case.entry), skip)
    defaults = {name: info.default for name, info in model.model_fields.items() if not info.is_required()}
    required = {name for name, info in model.model_fields.items() if info.is_required()}
    _, problems = validate_options(model, defaults, spec.name)
    wrong = [str(p) for p in problems if p.path.removeprefix(f"{spec.name}.") not in required]
    assert not wrong, f"its own defaults are refused: {'; '.join(wrong)}"
    _, problems = validate_options(model, {**defaults, "no_such_option": 1}, spec.name)
    assert any("no such option" in p.message for p in problems), "an option that does not exist is accepted"


@law("component", after=("options",), applies=_has_options)
def described(case: ComponentCase) -> None:
    """Every option says what it is, with its unit."""
    silent = [row["name"] for row in option_rows(case.entry) if not row["description"]]
    assert not silent, f"options without a description: {', '.join(silent)}; write Annotated[type, bounds, 'what it is, with its unit']"


CHECKS = collect(globals())
