"""What is listed is what is installed; every target and every recipe of it is there."""

import inspect
from importlib import import_module, resources

import pytest
import yaml

from mridiff_peers import plugin

HOOKS = [value for name, value in vars(plugin).items() if name.startswith("mridiff_") and callable(value)]


@pytest.fixture
def everything(monkeypatch):
    """As if all libraries and programs were there."""
    monkeypatch.setattr(plugin, "installed", lambda *modules: True)
    monkeypatch.setattr(plugin, "which", lambda program: program)


def test_without_the_libraries_nothing_is_listed(monkeypatch):
    monkeypatch.setattr(plugin, "find_spec", lambda module: None)
    monkeypatch.setattr(plugin, "which", lambda program: None)
    assert HOOKS and not [spec for hook in HOOKS for spec in hook()]


def test_targets_exist_and_their_priors_come_first(everything):
    specs = [spec for hook in HOOKS for spec in hook() if spec.target]
    assert len({(s.kind, s.name) for s in specs}) == len(specs) > 2
    for spec in specs:
        module, name = spec.target.split(":")
        found = getattr(import_module(module), name)
        if spec.kind == "sampler":
            arguments = list(inspect.signature(found).parameters.values())
            assert [p.name for p in arguments[: len(spec.priors)]] == list(spec.priors)
            assert all(p.kind is p.KEYWORD_ONLY for p in arguments[len(spec.priors) :])


def test_each_recipe_uses_the_sampler_of_its_name(everything):
    samplers = {s.name: s for s in plugin.mridiff_samplers()}
    for recipe in plugin.mridiff_recipes():
        data = yaml.safe_load((resources.files("mridiff_peers") / recipe.file).read_text())
        assert data["sampler"]["use"] == recipe.name and set(data.get("priors", {})) == set(samplers[recipe.name].priors)
