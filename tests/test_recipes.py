"""`mridiff show SAMPLER` shows what is recommended: a sampler's defaults are the values of its method's recipe, or the recipe says why not."""

import inspect

import pytest
import yaml

from mridiff import Registry

REGISTRY = Registry.discover()
RECIPES = REGISTRY.entries("recipe")


def superfluous(text, defaults, own):
    """The options of a recipe's sampler that should not stand there: those at their defaults, and, where the sampler is of its own
    package and no comment above its entry says why, all others."""
    options = yaml.safe_load(text)["sampler"].get("options", {})
    told = text.split("\nsampler:")[0].splitlines()[-1].startswith("# ")
    return sorted(name for name, value in options.items() if defaults[name] == value or (own and not told))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda e: e.qualified)
def test_a_recipe_leaves_to_the_sampler_what_the_sampler_recommends(recipe):
    text = recipe.path().read_text()
    sampler = REGISTRY.find("sampler", yaml.safe_load(text)["sampler"]["use"])
    defaults = {name: p.default for name, p in inspect.signature(sampler.load()).parameters.items()}
    found = superfluous(text, defaults, sampler.plugin == recipe.plugin)
    assert not found, f"{', '.join(found)}: make it the default of {sampler.qualified} and leave it out, or say above it why not"


def test_an_option_in_the_wrong_place_is_seen():
    defaults = {"steps": 20, "eta": 0.0}
    bare, told = (f"version: 1\n{comment}sampler: {{use: a, options: {{steps: 20, eta: 1.0}}}}\n" for comment in ("", "# why\n"))
    assert superfluous(bare, defaults, own=True) == ["eta", "steps"]
    assert superfluous(told, defaults, own=True) == superfluous(bare, defaults, own=False) == ["steps"]
    assert superfluous("version: 1\nsampler: {use: a}\n", defaults, own=True) == []
