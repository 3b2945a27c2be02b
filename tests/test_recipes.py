"""`mridiff show SAMPLER` shows what is recommended: a sampler's defaults are the values of its method's recipe."""

import inspect

import pytest
import yaml

from mridiff import Registry

REGISTRY = Registry.discover()
RECIPES = REGISTRY.entries("recipe")


def superfluous(options, defaults, own):
    """The options of a recipe's sampler that should not stand there: all where the sampler is of its package, else those at their defaults."""
    return sorted(name for name, value in options.items() if own or defaults[name] == value)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda e: e.qualified)
def test_a_recipe_leaves_to_the_sampler_what_the_sampler_recommends(recipe):
    node = yaml.safe_load(recipe.path().read_text())["sampler"]
    sampler = REGISTRY.find("sampler", node["use"])
    defaults = {name: p.default for name, p in inspect.signature(sampler.load()).parameters.items()}
    found = superfluous(node.get("options", {}), defaults, sampler.plugin == recipe.plugin)
    assert not found, f"{', '.join(found)}: make it the default of {sampler.qualified}, and leave it out here"


def test_an_option_in_the_wrong_place_is_seen():
    defaults = {"steps": 20, "eta": 0.0}
    assert superfluous({"steps": 10}, defaults, own=True) == ["steps"]
    assert superfluous({"steps": 20, "eta": 1.0}, defaults, own=False) == ["steps"]
    assert superfluous({}, defaults, own=True) == superfluous({"steps": 10}, defaults, own=False) == []
