"""What this package offers, of what is installed: nothing is imported to know it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from shutil import which

from mridiff import hookimpl
from mridiff.spec import Citation, Family, OperatorSpec, RecipeSpec, SamplerSpec, Trait, needs

BART = Citation("Berkeley advanced reconstruction toolbox", 2015)
SIGPY = Citation("SigPy: a Python package for high performance iterative reconstruction", 2019)

COILS = {"dataset": needs(Trait.MASK, Trait.MAPS)}
ANYWHERE = {"dataset": needs(Trait.TRAJECTORY, Trait.MAPS)}
CARTESIAN = frozenset({Trait.LINEAR, Trait.MASKED})
POINT = frozenset({Trait.POINT, Trait.NO_BACKWARD})


def installed(*modules: str) -> bool:
    """Whether all these modules are there to be imported."""
    return all(find_spec(module) is not None for module in modules)


@hookimpl
def mridiff_operators() -> Iterable[OperatorSpec]:
    """Multi-coil sampling as other projects compute it."""
    if installed("sigpy"):
        yield OperatorSpec(name="sigpy-sense", summary="Multi-coil Cartesian sampling by sigpy's linops",
                           target="mridiff_peers.sigpy_sense:SigpySense", axes=("y", "x"), offers=CARTESIAN, needs=COILS,
                           source=SIGPY)  # fmt: skip
        yield OperatorSpec(name="sigpy-noncartesian", summary="Multi-coil sampling along any trajectory by sigpy's linops",
                           target="mridiff_peers.sigpy_sense:SigpyNonCartesian", axes=("y", "x"), offers=frozenset({Trait.LINEAR}),
                           needs=ANYWHERE, source=SIGPY)  # fmt: skip


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """Reconstructions of other projects."""
    if which("bart"):
        yield SamplerSpec(name="bart-pics", summary="BART's parallel imaging and compressed sensing, as a program of its own",
                          target="mridiff_peers.bart:BartPics", offers=POINT, source=BART,
                          needs={"operator": needs(Trait.LINEAR, Trait.MASKED), "dataset": needs(Trait.GAUSSIAN_NOISE)})  # fmt: skip


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """One line each: `mridiff compare dpir,bart-pics scan.h5`."""
    if which("bart"):
        yield RecipeSpec(name="bart-pics", summary="BART's l1-wavelet compressed sensing with coil maps", file="recipes/bart-pics.yaml",
                         family=Family.CLASSICAL, application="accelerated", domain="image", source=BART)  # fmt: skip
