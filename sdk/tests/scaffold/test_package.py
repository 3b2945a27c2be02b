"""A new package: whole, correct at once, or refused with every reason and nothing written."""

import importlib.util
import itertools
import os
import subprocess
import sys

import pytest

from mridiff.errors import ConfigError
from mridiff.io.yaml import parse_yaml
from mridiff.plugins.registry import Registry
from mridiff.spec import PriorSpec, SamplerSpec
from mridiff_sdk.scaffold.command import new
from mridiff_sdk.scaffold.package import KINDS, Package

SETS = [kinds for n in range(1, 5) for kinds in itertools.combinations(KINDS, n)]
EMPTY = Registry.of([])


def declared(path):
    """What the hooks of a plugin module return."""
    spec = importlib.util.spec_from_file_location("fresh_plugin", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [item for name in dir(module) if name.startswith("mridiff_") for item in getattr(module, name)()]


@pytest.mark.parametrize("kinds", SETS, ids="-".join)
def test_it_holds_one_file_and_one_declaration_for_each_kind(kinds, tmp_path):
    folder = Package("my-method", kinds).write(tmp_path, EMPTY)
    source = folder / "src" / "mridiff_my_method"
    recipe = {"recipe.yaml", "studies.py"} if "sampler" in kinds else set()
    assert {p.name for p in source.iterdir()} == {"__init__.py", "plugin.py", "py.typed", *(f"{k}.py" for k in kinds)} | recipe
    assert {p.name for p in (folder / "tests").iterdir()} == {"test_conformance.py", *(f"test_{k}.py" for k in kinds)}
    specs = declared(source / "plugin.py")
    assert sorted(s.kind for s in specs) == sorted([*kinds, *(["recipe"] if recipe else [])])
    assert {s.name for s in specs} == {"my-method"}
    for spec in specs:
        if spec.kind != "recipe":
            module, _, name = spec.target.partition(":")
            assert f"class {name}(" in (folder / "src" / f"{module.replace('.', '/')}.py").read_text()
    assert not [p for p in folder.rglob("*.*") if p.suffix in {".py", ".toml", ".md", ".yaml"} and "$" in p.read_text()]
    assert [p.name for p in tmp_path.iterdir()] == ["my-method"]


def test_a_recipe_takes_its_own_parts_and_the_foundation_for_the_others():
    files = Package("my-method", ("sampler", "prior")).files()
    recipe = parse_yaml(files["src/mridiff_my_method/recipe.yaml"], "recipe").data
    assert recipe["priors"]["prior"]["use"] == recipe["sampler"]["use"] == "my-method/my-method"
    assert (recipe["operator"]["use"], recipe["dataset"]["use"]) == ("sense", "brain")
    assert "mridiff-operators>=" in files["pyproject.toml"] and "mridiff-priors>=" not in files["pyproject.toml"]


def test_imports_are_in_order_whatever_it_is_called():
    for slug, order in (("alpha", ["mridiff.interfaces", "mridiff_alpha.operator", "mridiff_sdk.coils"]),
                        ("zeta", ["mridiff.interfaces", "mridiff_sdk.coils", "mridiff_zeta.operator"])):  # fmt: skip
        text = Package(slug, ("operator",)).files()["tests/test_operator.py"]
        assert [line.split()[1] for line in text.splitlines() if line.startswith("from mridiff")] == order


def test_inside_a_configured_project_it_brings_no_settings_of_its_own(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 140\n")
    inner = tmp_path / "plugins"
    inner.mkdir()
    assert "[tool." not in (Package("a", ("prior",)).write(inner, EMPTY) / "pyproject.toml").read_text().replace("[tool.hatch", "")
    assert "[tool.ruff]" in Package("a", ("prior",)).files()["pyproject.toml"]


@pytest.mark.parametrize("slug", ["My-Method", "my_method", "-a", "a--b", "", "3d-method", "../up", "a" * 41, "a\n"])
def test_a_bad_name_is_refused(slug, tmp_path):
    with pytest.raises(ConfigError, match="lower-case words joined by single hyphens"):
        Package(slug, ("sampler",)).write(tmp_path, EMPTY)
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_left_alone(tmp_path):
    (tmp_path / "my-method").mkdir()
    (tmp_path / "my-method" / "thesis.txt").write_text("years")
    with pytest.raises(ConfigError, match="exists already; nothing in it was touched"):
        Package("my-method", ("sampler",)).write(tmp_path, EMPTY)
    assert [p.name for p in tmp_path.rglob("*")] == ["my-method", "thesis.txt"]


def test_all_problems_are_reported_at_once(tmp_path):
    with pytest.raises(ConfigError) as error:
        Package("Bad", ("sampler", "metric")).write(tmp_path / "nowhere", EMPTY)
    assert {p.path for p in error.value.mistakes} == {"SLUG", "--kind", "--dir"}
    assert "no kind 'metric'; kinds: operator, prior, sampler, dataset" in str(error.value)


def test_names_that_are_taken_are_refused(tmp_path):
    taken = Registry.of([SamplerSpec(name="dps", summary="there", target="other.sampler:DPS"),
                         PriorSpec(name="net", summary="there", target="other.prior:Net", axes=("y", "x"))])  # fmt: skip
    with pytest.raises(ConfigError, match="has a sampler of that name already"):
        Package("dps", ("sampler",)).write(tmp_path, taken)
    with pytest.raises(ConfigError, match="a package mridiff_sdk is installed already"):
        Package("sdk", ("sampler",)).write(tmp_path, taken)
    assert Package("net", ("sampler",)).write(tmp_path, taken).is_dir()  # a prior of that name is another thing


def test_the_command_says_what_to_do_next(tmp_path, capsys):
    new("my-own", ["prior", "sampler", "prior"], tmp_path)
    said = capsys.readouterr().out
    for line in (f"python -m pip install -e {tmp_path / 'my-own'}", "mridiff recon my-own -o out", "mridiff check my-own"):
        assert line in said
    new("only-prior", ["prior"], tmp_path)
    assert "recon" not in capsys.readouterr().out


@pytest.mark.slow
def test_it_passes_its_own_tests_and_every_law_at_once(tmp_path):
    folder = Package("my-method", KINDS).write(tmp_path, EMPTY)
    info = tmp_path / "installed" / "mridiff_my_method-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mridiff-my-method\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[mridiff]\nmy-method = mridiff_my_method.plugin\n")
    path = os.pathsep.join([str(folder / "src"), str(info.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-rs", str(folder)], cwd=tmp_path, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"})  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert " failed" not in done.stdout and int(done.stdout.split(" passed")[0].split()[-1]) > 100
