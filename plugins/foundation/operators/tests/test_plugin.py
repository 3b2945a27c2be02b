import importlib

from mridiff.interfaces import LinearOperator
from mridiff.spec import Trait
from mridiff_operators.plugin import mridiff_operators


def test_declares_two_operators_whose_targets_exist() -> None:
    specs = {spec.name: spec for spec in mridiff_operators()}
    assert set(specs) == {"fourier", "sense"}
    for spec in specs.values():
        module, _, name = spec.target.partition(":")
        assert issubclass(getattr(importlib.import_module(module), name), LinearOperator)
        assert {Trait.LINEAR, Trait.MASKED} <= spec.offers
    assert Trait.COISOMETRIC in specs["fourier"].offers
    assert specs["sense"].needs["dataset"].missing(frozenset({Trait.MASK})) == (Trait.MAPS,)
