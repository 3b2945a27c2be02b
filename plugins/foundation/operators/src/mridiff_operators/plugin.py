"""Declares the reference operators."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff.plugins.hookspecs import hookimpl
from mridiff.spec import Citation, OperatorSpec, Trait, needs


@hookimpl
def mridiff_operators() -> Iterable[OperatorSpec]:
    """Single-coil Fourier sampling, alone and over time, and multi-coil SENSE, also of an object in motion."""
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
            name="kt-cartesian",
            summary="Time-resolved single-coil Cartesian sampling, y_f = M_f F x_f, a mask per frame",
            target="mridiff_operators.kt_cartesian:KtCartesianOperator",
            axes=("t", "y", "x"),
            offers=frozenset({Trait.LINEAR, Trait.MASKED, Trait.COISOMETRIC}),
            needs={"dataset": needs(Trait.MASK)},
        ),
        OperatorSpec(
            name="coil-fourier",
            summary="Multi-coil Cartesian sampling of coil images, y_c = M F x_c",
            target="mridiff_operators.coil_fourier:CoilFourierOperator",
            axes=("coil", "y", "x"),
            offers=frozenset({Trait.LINEAR, Trait.MASKED, Trait.COISOMETRIC}),
            needs={"dataset": needs(Trait.MASK, Trait.MAPS)},
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
        OperatorSpec(
            name="rigid-motion-sense",
            summary="Multi-coil Cartesian sampling of an object that moves between shots, poses unknown",
            target="mridiff_operators.motion:RigidMotionSense",
            axes=("y", "x"),
            offers=frozenset({Trait.PARAMETRIC}),
            needs={"dataset": needs(Trait.MASK, Trait.MAPS)},
            source=Citation(
                title="Accelerated motion correction with deep generative diffusion models",
                year=2024,
                doi="10.1002/mrm.30082",
            ),
        ),
    ]
