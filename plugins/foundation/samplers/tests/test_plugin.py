import inspect
from importlib import import_module, resources

import yaml

from mridiff_samplers import plugin


def test_targets_exist_and_their_priors_come_first():
    for spec in plugin.mridiff_samplers():
        module, name = spec.target.split(":")
        arguments = list(inspect.signature(getattr(import_module(module), name)).parameters.values())
        assert [p.name for p in arguments[: len(spec.priors)]] == list(spec.priors)
        assert all(p.kind is p.KEYWORD_ONLY for p in arguments[len(spec.priors) :])


def test_each_recipe_uses_the_sampler_of_its_name():
    samplers = {s.name: s for s in plugin.mridiff_samplers()}
    recipes = list(plugin.mridiff_recipes())
    # the priors of few-steps come with methods, and the others of these are taken into a recipe
    without = {"few-steps", "pnp-admm", "red-admm", "red-diff", "daps", "particles", "dds", "ddnm", "pigdm", "ddrm", "predictor-corrector",
               "annealed-langevin", "psld", "resample", "variable-projection"}  # fmt: skip
    assert {r.name for r in recipes} == set(samplers) - without
    for recipe in recipes:
        data = yaml.safe_load((resources.files("mridiff_samplers") / recipe.file).read_text())
        assert data["sampler"]["use"] == recipe.name and set(data.get("priors", {})) == set(samplers[recipe.name].priors)
