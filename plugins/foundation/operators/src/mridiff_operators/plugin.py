"""Declares the reference operators."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff.plugins.hookspecs import hookimpl
from mridiff.spec import Citation, OperatorSpec, Trait, needs


@hookimpl
def mridiff_operators() -> Iterable[OperatorSpec]:
    """Single-coil Fourier sampling and multi-coil SENSE."""
    return [
        OperatorSpec(
            name="fourier",
            summary="Single-coil Cartesian sampling, y = M F x",
            target="mridiff_operators.fourier:FourierOperator",
            axes=("y", "x"),
            offers=frozenset({Trait.LINEAR, Trait.MASKED, Trait.COISOMETRIC}),
            needs={"dataset": needs(Trait.MASK)},
        ),
        OperatorSpec(
            name="sense",
            summary="Multi-coil Cartesian sampling, y_c = M F S_c x",
            target="mridiff_operators.sense:SenseOperator",
            axes=("y", "x"),
            offers=frozenset({Trait.LINEAR, Trait.MASKED}),
            needs={"dataset": needs(Trait.MASK, Trait.MAPS)},
            source=Citation(
                title="SENSE: sensitivity encoding for fast MRI",
                year=1999,
                doi="10.1002/(SICI)1522-2594(199911)42:5<952::AID-MRM16>3.0.CO;2-S",
            ),
        ),
    ]
