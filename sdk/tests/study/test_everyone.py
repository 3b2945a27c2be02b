from dataclasses import replace

from mridiff.plugins.registry import Registry
from mridiff.spec import Family, Trait, needs
from mridiff_sdk.study import every_method


def _registry(package):
    """The toy registry, in which the operator says what it needs of a scan."""
    whole = Registry.discover()
    operator = whole.find("operator", "masked")
    demanding = replace(operator, spec=replace(operator.spec, needs={"dataset": needs(Trait.MASK)}))
    return whole, Registry(tuple(demanding if e is operator else e for e in whole.all))


def test_all_of_an_application_that_take_such_scans_are_rows(package):
    whole, demanding = _registry(package)
    assert every_method("a", registry=whole) == ({"filled": "filled", "plain": "plain"}, ())
    assert list(every_method("a", Trait.MASK, registry=demanding)[0]) == ["filled", "plain"]
    rows, without = every_method("a", Trait.MAPS, registry=demanding)
    assert not rows and without[0] == "filled is left out: its operator takes no sensitivity-maps of a scan."
    assert every_method("b", registry=whole) == ({}, ())


def test_classical_methods_come_first(package):
    whole, _ = _registry(package)
    recipe = whole.find("recipe", "filled")
    modern = replace(recipe, spec=replace(recipe.spec, name="about", family=Family.COLD))
    assert list(every_method("a", registry=Registry((modern, *whole.all)))[0]) == ["filled", "plain", "about"]


def test_what_cannot_be_resolved_is_left_out_with_the_reason(package):
    whole, _ = _registry(package)
    without = Registry(tuple(e for e in whole.all if e.spec.name != "masked"))
    rows, said = every_method("a", Trait.MASK, registry=without)
    assert not rows and "no operator is called 'masked'" in said[0]
