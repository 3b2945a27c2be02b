from dataclasses import replace

import pytest

from mridiff.errors import ConfigError, Incompatible, PluginConflict
from mridiff.pipeline.config import merged
from mridiff.pipeline.plan import plan
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry
from mridiff.spec import Family, RecipeSpec
from toy import CONFIG, registry


def _problems(source, changes=None):
    with pytest.raises(ConfigError) as caught:
        plan(source, registry(), changes)
    return {p.path: p for p in caught.value.mistakes}


def test_all_defaults_are_explicit_in_a_resolved_plan_and_it_is_a_configuration_again():
    resolved = plan(CONFIG, registry()).as_dict()
    assert resolved["sampler"] == {"use": "local/walk", "options": {"steps": 3, "fail": False}}
    assert resolved["operator"]["options"] == {"factor": 1.0}
    assert plan(resolved, registry()).as_dict() == resolved


def test_every_problem_is_reported_at_once_with_its_place(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("dataset: {use: few, options: {n: -1}}\noperator: {use: mask, options: {facto: 2}}\n"
                    "priors:\n  prior: {use: shrink}\nsampler:\n  use: walk\n  options: {steps: 99, fail: maybe}\n")  # fmt: skip
    problems = _problems(path)
    assert set(problems) == {"dataset.options.n", "operator.options.facto", "sampler.options.steps", "sampler.options.fail"}
    steps = problems["sampler.options.steps"]
    assert (steps.source, steps.line, steps.column) == (str(path), 7, 20)
    assert "99" in steps.message and "50" in steps.message
    assert "'factor'" in problems["operator.options.facto"].message


def test_unknown_names_and_entries_are_named_with_what_is_near():
    problems = _problems({**CONFIG, "sampler": {"use": "wall"}, "operator": {"use": "musk"}})
    assert "walk" in problems["sampler.use"].message and "mask" in problems["operator.use"].message
    assert "'seed'" in _problems({**CONFIG, "sed": 1})["sed"].message
    assert "required" in _problems({"dataset": {"use": "few"}})["sampler"].message


def test_a_short_name_in_a_recipe_is_of_its_own_plugin(tmp_path, monkeypatch):
    """Another package that brings a component of the same name does not break a method; who else writes the name has to choose."""
    (tmp_path / "recipe.yaml").write_text(
        "dataset: {use: few}\noperator: {use: mask}\npriors: {prior: {use: shrink, options: {}}}\nsampler: {use: walk, options: {steps: 7}}\n"
    )
    monkeypatch.setattr(Entry, "path", lambda self: tmp_path / "recipe.yaml")
    twins = [replace(e, source=replace(e.source, plugin="acme")) for e in registry().all if e.spec.kind in {"operator", "prior"}]
    recipe = RecipeSpec(name="mine", summary="s", file="recipe.yaml", family=Family.CLASSICAL, application="a", domain="image")
    found = Registry.of([*registry().all, *twins, Entry(recipe, replace(twins[0].source), "acme")])
    resolved = plan("mine", found, {"sampler": {"options": {"fail": True}}}).as_dict()
    assert (resolved["operator"]["use"], resolved["priors"]["prior"]["use"]) == ("acme/mask", "acme/shrink")
    assert resolved["sampler"] == {"use": "local/walk", "options": {"steps": 7, "fail": True}}
    with pytest.raises(PluginConflict, match="several providers"):
        plan(CONFIG, found)


def test_a_changed_component_takes_no_options_from_the_base():
    base = {"sampler": {"use": "a", "options": {"steps": 3}}, "seed": 1}
    assert merged(base, {"sampler": {"use": "b"}})["sampler"] == {"use": "b"}
    assert merged(base, {"sampler": {"options": {"eta": 1}}})["sampler"] == {"use": "a", "options": {"steps": 3, "eta": 1}}
    assert base["sampler"]["options"] == {"steps": 3}


def test_components_that_do_not_fit_are_refused_with_every_reason_and_what_would_fit():
    config = {**CONFIG, "dataset": {"use": "counts"}, "priors": {"prior": {"use": "volume"}}}
    with pytest.raises(Incompatible) as caught:
        plan(config, registry())
    text = str(caught.value)
    assert "mask" in text and "gaussian-noise" in text and "local/few" in text  # operator and sampler against the dataset
    assert "axis z" in text  # prior against operator


@pytest.mark.parametrize(("change", "words"), [
    ({"sampler": {"use": "cold"}}, "restorer"),
    ({"operator": {"use": "real"}}, "complex"),
    ({"priors": {}}, "(none)"),
    ({"priors": {"prior": {"use": "shrink"}, "second": {"use": "shrink"}}}, "second"),
    ({"operator": None}, "an operator"),
])  # fmt: skip
def test_each_rule_of_compatibility(change, words):
    with pytest.raises(Incompatible, match="needs") as caught:
        plan({**CONFIG, **change}, registry())
    assert words in str(caught.value)
