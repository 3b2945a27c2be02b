import importlib

from mridiff.interfaces import LinearOperator, ParametricOperator
from mridiff.spec import Trait, needs
from mridiff_operators.plugin import mridiff_operators


def test_declares_operators_whose_targets_exist() -> None:
    specs = {spec.name: spec for spec in mridiff_operators()}
    assert {
        "sense-3d",
        "blur-downsample",
        "smooth-maps-sense",
        "motion-and-maps-sense",
        "relaxation-sense",
        "inpainting",
        "subspace-sense",
        "off-resonance-sense",
        "multislice-sense",
        "spirit",
        "truncation",
        "kt-sense",
        "noncartesian-sense",
        "noncartesian-sense-3d",
        "kt-noncartesian-sense",
        "fourier",
        "coil-fourier",
        "sense",
        "kt-cartesian",
        "rigid-motion-sense",
        "dipole",
    } == set(specs)
    for spec in specs.values():
        module, _, name = spec.target.partition(":")
        parametric = Trait.PARAMETRIC in spec.offers
        assert issubclass(getattr(importlib.import_module(module), name), ParametricOperator if parametric else LinearOperator)
        assert parametric or Trait.LINEAR in spec.offers
        derived = spec.name in {"subspace-sense", "multislice-sense", "spirit"}  # y is not the sampled transform of an image
        masked = Trait.LINEAR in spec.offers and Trait.MASK in spec.needs.get("dataset", needs()).all and not derived
        assert (Trait.MASKED in spec.offers) == masked
    assert specs["dipole"].offers == {Trait.LINEAR}
    assert Trait.COISOMETRIC in specs["fourier"].offers
    assert specs["sense"].needs["dataset"].missing(frozenset({Trait.MASK})) == (Trait.MAPS,)
