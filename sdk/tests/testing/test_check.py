import pytest

from mridiff.spec import Family, OperatorSpec, RecipeSpec, Trait
from mridiff_sdk.testing import Case, Check, SamplerCase, checks_for, examine
from mridiff_sdk.testing import run as runner
from mridiff_sdk.testing.check import law
from mridiff_sdk.testing.run import CHECKS, perform


def _spec(*offers):
    return OperatorSpec(name="some", summary="some", target="a.b:C", axes=("y", "x"), offers=frozenset(offers))


def test_a_check_runs_exactly_where_its_traits_are_claimed():
    plain, linear = {c.id for c in checks_for(_spec())}, {c.id for c in checks_for(_spec(Trait.LINEAR))}
    assert {"component.light", "operator.spaces"} <= plain and "operator.adjoint" not in plain
    assert "operator.adjoint" in linear and "operator.mask" not in linear and not any(i.startswith("sampler.") for i in linear)
    assert "operator.adjoint" in {c.id for c in checks_for(_spec(Trait.PARAMETRIC))}, "any of a group is enough"


def test_ids_are_unique_and_depend_on_earlier_checks_only():
    ids = [c.id for c in CHECKS]
    assert len(set(ids)) == len(ids)
    for check in CHECKS:
        assert check.doc.endswith(".") and set(check.after) <= set(ids[: ids.index(check.id)]), check.id


def test_every_trait_that_an_operator_prior_or_sampler_may_claim_is_checked():
    used = {t for c in CHECKS for t in c.requires.all | frozenset().union(*c.requires.any)}
    assert {Trait.LINEAR, Trait.PARAMETRIC, Trait.MASKED, Trait.COISOMETRIC, Trait.DENOISER, Trait.RESTORER, Trait.STOCHASTIC, Trait.CONDITIONAL,
            Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC, Trait.POSTERIOR, Trait.POINT, Trait.NO_BACKWARD,
            Trait.KEEPS_DATA} <= used  # fmt: skip


def _first(case):
    """First."""
    if case.id == "bad":
        raise AssertionError("0.3, at most 0.1 allowed")
    if case.id == "crash":
        raise KeyError("x")


def _second(case):
    """Second."""


@pytest.mark.parametrize(("name", "first", "second"), [
    ("good", "passed", "passed"), ("bad", "failed", "excused"), ("crash", "failed", "excused"),
])  # fmt: skip
def test_an_earlier_failure_excuses_what_depends_on_it(monkeypatch, name, first, second):
    checks = (law("operator")(_first), law("operator", after=("first",))(_second))

    class Some(Case):
        kind = "operator"

    monkeypatch.setattr(runner, "CHECKS", checks)
    outcomes = list(examine([Some(id=name)]))
    assert [o.status for o in outcomes] == [first, second]
    assert [(o.check, o.status) for o in examine([Some(id=name)], "second")] == [("operator.second", second)], (
        "what it comes after runs unseen"
    )


def test_a_check_is_there_for_the_cases_that_it_has_something_to_say_of(monkeypatch):
    class Some(Case):
        kind = "operator"

    monkeypatch.setattr(runner, "CHECKS", (law("operator", applies=lambda case: case.id == "several-coils")(_first),))
    assert [[o.check for o in examine([Some(id=name)])] for name in ("several-coils", "one-coil")] == [["operator.first"], []]


def test_a_failure_says_what_was_measured():
    class Some(Case):
        kind = "operator"

    check = Check("operator.first", "operator", _first)
    assert perform(check, Some(id="bad"), {}).message == "0.3, at most 0.1 allowed"
    assert perform(check, Some(id="crash"), {}).message == "raised KeyError: 'x'"


def test_recipes_are_checked_as_components_too():
    spec = RecipeSpec(name="r", summary="r", file="r.yaml", family=Family.COLD, application="a", domain="d")
    assert {c.kind for c in checks_for(spec)} == {"component", "recipe"}


@pytest.mark.parametrize("bound", [0.0, -1.0, 0.6, 100.0])
@pytest.mark.parametrize("name", ["mean_error", "variance_error"])
def test_a_bound_that_would_say_nothing_is_refused(name, bound):
    with pytest.raises(ValueError, match=f"{name} must lie between"):
        SamplerCase(id="loose", offers=frozenset(), build=lambda: None, problem=None, **{name: bound})
