"""The house stays as it is drawn: floors, folder anatomy, file sizes, banned calls, import budgets."""

import ast
import hashlib
import importlib
import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from importlib_metadata import packages_distributions
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mridiff_sdk.scaffold import KINDS, Package

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(
    p.parent for p in (*ROOT.glob("core/pyproject.toml"), *ROOT.glob("sdk/pyproject.toml"), *ROOT.glob("plugins/*/*/pyproject.toml"))
)
METHODS = [p for p in PACKAGES if p.parent.parent.name == "plugins" and p.parent.name != "foundation"]
WEIGHTS = [f for p in PACKAGES for f in sorted((p / "src").rglob("*.safetensors"))]
SOURCES = [f for p in PACKAGES for f in sorted((p / "src").rglob("*.py"))]
FAMILIES = {"standard", "hybrid", "latent", "cold"}


def _name(path):
    return str(path.relative_to(ROOT))


def _module(package):
    return next(p.name for p in (package / "src").iterdir() if p.is_dir() and p.name.startswith("mridiff"))


def _floor(package):
    family = package.parent.name
    return {"core": 0, "sdk": 1}.get(package.name, 2 if family == "foundation" else 3)


MODULES = {_module(p): p for p in PACKAGES}


def _imports(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize("package", PACKAGES, ids=_name)
def test_imports_go_down_only(package):
    for file in (package / "src").rglob("*.py"):
        for module in _imports(file):
            other = MODULES.get(module.split(".")[0])
            if other is not None and other != package:
                assert _floor(other) < _floor(package), f"{_name(file)} imports {module}, which is not on a floor below"


@pytest.mark.parametrize("package", PACKAGES, ids=_name)
def test_every_import_of_the_project_is_a_declared_dependency(package):
    declared = tomllib.loads((package / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {d.split(">")[0].split("<")[0].split("[")[0].strip() for d in declared}
    for file in (package / "src").rglob("*.py"):
        for module in _imports(file):
            other = MODULES.get(module.split(".")[0])
            if other is not None and other != package:
                dist = tomllib.loads((other / "pyproject.toml").read_text())["project"]["name"]
                assert dist in names, f"{_name(file)} imports {module}; {dist} is not among the dependencies"


DISTRIBUTIONS = packages_distributions()


@pytest.mark.parametrize("package", PACKAGES, ids=_name)
def test_every_import_of_others_is_a_declared_dependency(package):
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *(d for extra in project.get("optional-dependencies", {}).values() for d in extra)]
    names = {canonicalize_name(Requirement(d).name) for d in declared}
    for file in (package / "src").rglob("*.py"):
        for module in {m.split(".")[0] for m in _imports(file)} - sys.stdlib_module_names - MODULES.keys():
            offering = {canonicalize_name(d) for d in DISTRIBUTIONS.get(module, [module])}
            assert offering & names, f"{_name(file)} imports {module}; none of {', '.join(offering)} is among the dependencies"


OUTSIDE = [f for p in PACKAGES if _floor(p) > 1 for f in p.rglob("*.py")] + [
    f for folder in ("examples", "benchmarks", "tests/authors") for f in (ROOT / folder).rglob("*.py")
]
"""What stands on core and sdk as another's plugin does."""


@cache
def _public(module):
    """The names in the `__all__` of a module of this project; none where there is no such module."""
    package, *inner = module.split(".")
    place = (MODULES[package] / "src" / package).joinpath(*inner)
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    body = ast.parse(file.read_text()).body if file.exists() else []
    lists = [n.value for n in body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__"]
    return {name for value in lists for name in ast.literal_eval(value)}


def _hidden(text, own=""):
    """What a source imports of another package of this project from deeper than PACKAGE.MODULE, or beside its `__all__`."""
    for node in ast.walk(ast.parse(text)):
        names = [a.name for a in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for full in (f"{module}.{name}".strip(".") for name in names):
            package, *inner = full.split(".")
            if package in MODULES and package != own and not (isinstance(node, ast.ImportFrom) and node.level):
                where = module or full
                if where.count(".") > 1 or (module and inner[-1] not in _public(module)):
                    yield full


@pytest.mark.parametrize("file", OUTSIDE, ids=_name)
def test_of_another_package_its_public_names_alone_are_imported(file):
    own = next((m for m, p in MODULES.items() if file.is_relative_to(p)), "")
    hidden = list(_hidden(file.read_text(), own))
    assert not hidden, f"{', '.join(hidden)}: import what PACKAGE.MODULE names in its __all__"


def test_a_new_package_and_the_examples_in_pages_import_public_names_alone():
    texts = {name: text for name, text in Package("mine", KINDS).files().items() if name.endswith(".py")}
    for page in [ROOT / "README.md", *ROOT.glob("*/README.md"), *ROOT.glob("plugins/*/*/README.md"), *ROOT.glob("docs/*.md")]:
        texts[_name(page)] = "\n".join(line for line in page.read_text().splitlines() if re.match("(from|import) mridiff", line))
    hidden = {name: found for name, text in texts.items() if (found := list(_hidden(text, "mridiff_mine")))}
    assert not hidden and any("mridiff_sdk" in text for name, text in texts.items() if name.endswith(".md"))


@pytest.mark.parametrize(("source", "hidden"), [
    ("from mridiff_sdk.diffusions import VE, step", []),
    ("import mridiff, mridiff_sdk.fourier", []),
    ("from mridiff_sdk.diffusions.step import ddim", ["mridiff_sdk.diffusions.step.ddim"]),
    ("import mridiff_sdk.diffusions.step", ["mridiff_sdk.diffusions.step"]),
    ("def f():\n    from mridiff_sdk.complex import Level, order", ["mridiff_sdk.complex.Level"]),
    ("from mridiff.pipeline import method", ["mridiff.pipeline.method"]),
    ("from mridiff_sdk import diffusions", ["mridiff_sdk.diffusions"]),
    ("from mridiff_priors.denoiser import SIZES", ["mridiff_priors.denoiser.SIZES"]),
    ("from .sampler import inner\nfrom mridiff_gldm.sampler.deep import inner", []),
])  # fmt: skip
def test_a_name_that_is_not_public_is_seen(source, hidden):
    assert list(_hidden(source, "mridiff_gldm")) == hidden


@pytest.mark.parametrize("module", ["mridiff", "mridiff.errors", "mridiff.spec", "mridiff.interfaces", *(
    f"mridiff_sdk.{p.stem}" for p in sorted((ROOT / "sdk/src/mridiff_sdk").iterdir()) if _public(f"mridiff_sdk.{p.stem}")
)])  # fmt: skip
def test_what_a_module_calls_public_is_there(module):
    found = importlib.import_module(module)
    assert not [name for name in found.__all__ if not hasattr(found, name)] and len(set(found.__all__)) == len(found.__all__)


def test_tables_are_made_from_the_rest_and_not_the_other_way():
    """A training, say, would read held-out data with them."""
    for file in SOURCES:
        found = [
            n
            for n in ast.walk(ast.parse(file.read_text()))
            if isinstance(n, ast.ImportFrom) and (n.module or "").split(".")[-1] in {"measure", "studies"}
        ]
        assert not found, f"{_name(file)} imports a module that measures"


@pytest.mark.parametrize("method", METHODS, ids=_name)
def test_anatomy_of_a_method(method):
    module = method / "src" / f"mridiff_{method.name.replace('-', '_')}"
    missing = [
        f
        for f in (method / "README.md", module / "plugin.py", module / "recipe.yaml", module / "py.typed", method / "tests")
        if not f.exists()
    ]
    assert not missing, f"missing: {', '.join(map(_name, missing))}"
    project = tomllib.loads((method / "pyproject.toml").read_text())["project"]
    assert project["name"] == f"mridiff-{method.name}"
    assert project["entry-points"]["mridiff"] == {method.name: f"{module.name}.plugin"}
    assert method.parent.name in FAMILIES


@pytest.mark.parametrize("file", WEIGHTS, ids=_name)
def test_weights_are_small_declared_by_their_hash_and_have_a_card(file):
    assert file.stat().st_size < 8e6
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert digest in (file.parents[1] / "plugin.py").read_text(), "the declaration has another hash"
    card = file.with_suffix(".md")
    assert card.exists() and digest in card.read_text(), f"no card {card.name} with this hash beside it"


def test_all_weights_together_are_small():
    """4 MB a file is the aim; larger weights lie outside, with a `url` in their declaration."""
    sizes = sorted(((f.stat().st_size / 1e6, _name(f)) for f in WEIGHTS), reverse=True)
    assert sum(size for size, _ in sizes) < 120, "\n".join(f"{size:5.1f} MB  {name}" for size, name in sizes)


def test_one_version_for_all():
    versions = {_name(p): tomllib.loads((p / "pyproject.toml").read_text())["project"]["version"] for p in PACKAGES}
    assert len(set(versions.values())) == 1, versions


@pytest.mark.parametrize("file", SOURCES, ids=_name)
def test_files_are_short_and_safe(file):
    text = file.read_text()
    assert len(text.splitlines()) <= 500, "a file holds one noun and at most 500 lines"
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is longer than a page"
    bridged = {"deepinv", "mrpro"} if file.is_relative_to(ROOT / "plugins" / "foundation" / "peers") else set()
    for name in _imports(file):
        assert (
            name.split(".")[0]
            not in {
                "pickle",
                "joblib",
                "shelve",
                "marshal",
                "dill",
                "cloudpickle",
                "torchvision",
                "deepinv",
                "mrpro",
            }
            - bridged
        ), name
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        called = ast.unparse(call.func)
        assert called not in {"eval", "exec", "torch.save", "os.system"}, f"{called} is banned"
        keywords = {k.arg: ast.unparse(k.value) for k in call.keywords}
        assert keywords.get("shell") != "True" and keywords.get("allow_pickle") != "True", f"{called} with {keywords}"
        if called == "torch.load":
            assert file.name == "convert.py" and keywords.get("weights_only") == "True", "only the converting command may call torch.load"
        assert called != "torch.manual_seed" or file.name == "seeds.py", "layers are built inside mridiff_sdk.seeds.seeded_layers"
        assert called not in {"np.random.seed", "numpy.random.seed", "random.seed"}, "no global random numbers"
        assert called != "h5py.File" or file.name in {"hdf5.py", "output.py"}, "HDF5 is opened through mridiff_sdk.io.hdf5"


def test_the_core_is_small_and_names_no_method():
    lines = [line for f in SOURCES if f.is_relative_to(ROOT / "core") for line in f.read_text().splitlines() if line.strip()]
    assert len(lines) < 3500
    slugs = [m.name for m in METHODS]
    for file in (f for f in SOURCES if f.is_relative_to(ROOT / "core")):
        for literal in (n.value for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Constant) and isinstance(n.value, str)):
            assert literal not in slugs, f"{_name(file)} names the method {literal}"


def test_nothing_of_the_building_machine_is_named():
    passing = {".git", *(line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines())}
    found = (f for pattern in ("*.md", "*.py", "*.yaml", "*.toml", "Makefile") for f in ROOT.rglob(pattern))
    texts = [f for f in found if not passing & set(f.relative_to(ROOT).parts)]
    assert len(texts) > 100
    for file in texts:
        if file == Path(__file__):
            continue
        for word in ("/work/", "/tmp/w/", "/opt/pypi", "/root/"):
            assert word not in file.read_text(), f"{_name(file)} names {word}"


def _modules_after(code):
    program = f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    return set(
        json.loads(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    )


HEAVY = {"torch", "numpy", "pydantic", "h5py", "scipy", "matplotlib"}


def test_importing_mridiff_is_free():
    added = _modules_after("import mridiff") - _modules_after("")
    assert not added & {*HEAVY, "yaml", "pluggy", "importlib.metadata", "importlib_metadata"}


def test_listing_loads_nothing_heavy():
    code = "import sys; sys.argv = ['mridiff', 'list']\nfrom mridiff.cli import main\ntry:\n    main()\nexcept SystemExit as e:\n    assert not e.code"
    assert not _modules_after(code) & HEAVY


@pytest.mark.parametrize("module", [m for m in MODULES if (MODULES[m] / "src" / m / "plugin.py").exists()])
def test_a_declaration_is_light(module):
    assert not _modules_after(f"import {module}.plugin") & HEAVY
