"""Loading what a plugin declares: the class once, checked; files only from inside the package."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import pytest

from mridiff.errors import NotFound, PluginContractError, PluginImportError, SpecError, UnsafeInput
from mridiff.plugins.entry import Entry
from mridiff.plugins.sources import Source
from mridiff.spec import Family, PriorSpec, RecipeSpec, SamplerSpec

EMPTY = """
from mridiff.interfaces.sampler import Sampler
class S(Sampler):
    pass
"""
GOOD = EMPTY.replace("pass", "def trajectory(self, problem, rng): return iter(())")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A function that writes the module `acme_entry.impl` and gives an entry that points into it."""
    root = tmp_path / "acme_entry"
    root.mkdir()
    (root / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)

    def make(code: str = GOOD, target: str = "acme_entry.impl:S") -> Entry:
        (root / "impl.py").write_text(code)
        spec = SamplerSpec(name="dds", summary="A sampler", target=target)
        return Entry(spec, Source("acme-entry", "entry", "acme_entry.plugin", "1.0"), "acme_entry")

    yield make
    for name in [n for n in sys.modules if n.partition(".")[0] == "acme_entry"]:
        del sys.modules[name]


def recipe(file: str) -> Entry:
    spec = RecipeSpec(name="dds", summary="A method", file=file, family=Family.COLD, application="a", domain="d")
    return Entry(spec, Source("acme-entry", "entry", "acme_entry.plugin", "1.0"), "acme_entry")


def test_a_fitting_class_loads_once(package):
    entry = package()
    assert entry.load().__name__ == "S"
    assert entry.load() is entry.load()
    assert repr(entry) == "<sampler entry/dds from acme-entry 1.0>"


BROKEN = {
    "module raises": ("1 / 0", "acme_entry.impl:S", PluginImportError, "ZeroDivisionError"),
    "module exits": ("raise SystemExit", "acme_entry.impl:S", PluginImportError, "SystemExit"),
    "dependency missing": ("import no_such_library", "acme_entry.impl:S", PluginImportError, "force-reinstall acme-entry"),
    "module missing": (GOOD, "acme_entry.nothing:S", PluginImportError, "No module named 'acme_entry.nothing'"),
    "class missing": (GOOD, "acme_entry.impl:T", PluginImportError, "has no 'T'"),
    "not a class": ("S = 3", "acme_entry.impl:S", PluginContractError, "it is int, not a class"),
    "foreign base": ("class S: pass", "acme_entry.impl:S", PluginContractError, "does not derive from mridiff.interfaces.sampler.Sampler"),
    "method missing": (EMPTY, "acme_entry.impl:S", PluginContractError, "lacks trajectory(self, problem, rng)"),
    "wrong signature": (
        GOOD.replace("problem, rng", "problem"),
        "acme_entry.impl:S",
        PluginContractError,
        "has trajectory(self, problem), which cannot be called as trajectory(self, problem, rng): too many",
    ),
}


@pytest.mark.parametrize(("code", "target", "error", "text"), BROKEN.values(), ids=BROKEN)
def test_faults_name_the_plugin(package, code, target, error, text):
    with pytest.raises(error, match=re.escape(text)) as caught:
        package(code, target).load()
    assert (caught.value.plugin, caught.value.distribution, caught.value.version) == ("entry", "acme-entry", "1.0")


def test_a_training_is_loaded_like_a_target(package):
    entry = package(f"{GOOD}\ndef trainer(run): return 7\n")

    def declared(training):
        return replace(entry, spec=replace(entry.spec, training=training))

    assert declared("acme_entry.impl:trainer").function("training")(None) == 7
    with pytest.raises(PluginImportError, match=r"'acme_entry\.impl:other' does not exist"):
        declared("acme_entry.impl:other").function("training")
    with pytest.raises(NotFound, match="entry/dds declares no training"):
        entry.function("training")
    with pytest.raises(SpecError, match=r"training: 'trainer' must read 'package\.module:function'"):
        declared("trainer")
    with pytest.raises(SpecError, match="training: 'a b:c'"):
        PriorSpec(name="p", summary="A", target="a:B", axes=("y", "x"), training="a b:c")


def test_a_missing_module_of_its_own_is_no_missing_dependency(package):
    with pytest.raises(PluginImportError) as caught:
        package(target="acme_entry.nothing:S").load()
    assert caught.value.hint == ""


def test_recipe_file_inside_the_package(package, tmp_path):
    package()
    (tmp_path / "acme_entry" / "recipes").mkdir()
    (tmp_path / "acme_entry" / "recipes" / "dds.yaml").write_text("version: 1\n")
    assert recipe("recipes/dds.yaml").path().read_text() == "version: 1\n"


def test_recipe_that_is_not_there(package):
    package()
    with pytest.raises(PluginContractError, match=r"'gone\.yaml' is not in the package acme_entry"):
        recipe("gone.yaml").path()


def test_recipe_behind_a_link_is_refused(package, tmp_path):
    package()
    (tmp_path / "secret.yaml").write_text("secret")
    (tmp_path / "acme_entry" / "dds.yaml").symlink_to(tmp_path / "secret.yaml")
    with pytest.raises(UnsafeInput, match="leads out of"):
        recipe("dds.yaml").path()


def test_a_recipe_has_no_class_and_a_class_no_recipe(package):
    with pytest.raises(TypeError, match="is data"):
        recipe("dds.yaml").load()
    with pytest.raises(TypeError, match="only a recipe"):
        package().path()
