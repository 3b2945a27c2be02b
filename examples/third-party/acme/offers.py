"""Declares what there is; imports nothing heavy."""

from mridiff import hookimpl
from mridiff.spec import Family, OperatorSpec, RecipeSpec, SamplerSpec, Trait, needs


@hookimpl
def mridiff_operators() -> list[OperatorSpec]:
    """Multi-coil sampling as sigpy does it."""
    return [
        OperatorSpec(
            name="sigpy-sense",
            summary="Multi-coil Cartesian sampling by sigpy's linops",
            target="acme.borrowed:SigpySense",
            axes=("y", "x"),
            offers=frozenset({Trait.LINEAR}),
            needs={"dataset": needs(Trait.MASK, Trait.MAPS)},
        )
    ]


@hookimpl
def mridiff_samplers() -> list[SamplerSpec]:
    """Least squares without a prior."""
    return [
        SamplerSpec(
            name="landweber",
            summary="Least squares by gradient descent with momentum",
            target="acme.landweber:Landweber",
            offers=frozenset({Trait.POINT, Trait.NO_BACKWARD}),
            needs={"operator": needs(Trait.LINEAR)},
        )
    ]


@hookimpl
def mridiff_recipes() -> list[RecipeSpec]:
    """The two together."""
    return [
        RecipeSpec(
            name="landweber",
            summary="Least squares by gradient descent on a multi-coil scan",
            file="methods/landweber.yaml",
            family=Family.CLASSICAL,
            application="accelerated",
            domain="image",
        )
    ]
