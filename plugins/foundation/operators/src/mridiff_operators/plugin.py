"""Declares the reference operators."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, OperatorSpec, Trait, needs

SENSE = Citation("SENSE: sensitivity encoding for fast MRI", 1999, "10.1002/(SICI)1522-2594(199911)42:5<952::AID-MRM16>3.0.CO;2-S")
MOTION = Citation("Accelerated motion correction with deep generative diffusion models", 2024, "10.1002/mrm.30082")
NONCARTESIAN = Citation("Advances in sensitivity encoding with arbitrary k-space trajectories", 2001, "10.1002/mrm.1241")
SUBSPACE = Citation("T2 shuffling: sharp, multicontrast, volumetric fast spin-echo imaging", 2017, "10.1002/mrm.26102")
OFF_RESONANCE = Citation("Toeplitz-based iterative image reconstruction for MRI with correction for magnetic field inhomogeneity",
                         2005, "10.1109/TSP.2005.853152")  # fmt: skip
MULTISLICE = Citation("Controlled aliasing in parallel imaging results in higher acceleration (CAIPIRINHA) for multi-slice imaging",
                      2005, "10.1002/mrm.20401")  # fmt: skip
SPIRIT = Citation("SPIRiT: iterative self-consistent parallel imaging reconstruction from arbitrary k-space", 2010, "10.1002/mrm.22428")
BLIND = Citation("Blind image super-resolution: a survey and beyond", 2023, "10.1109/TPAMI.2022.3203009")
JSENSE = Citation("Joint image reconstruction and sensitivity estimation in SENSE (JSENSE)", 2007, "10.1002/mrm.21245")
JSMOCO = Citation("Joint coil sensitivity and motion correction in parallel MRI with a self-calibrating score-based diffusion model", 2025,
                  "10.1016/j.media.2025.103502")  # fmt: skip
RELAXATION = Citation("Model-based iterative reconstruction for radial fast spin-echo MRI", 2009, "10.1109/TMI.2009.2023119")
DIPOLE = Citation("A fast calculation method for magnetic field inhomogeneity due to an arbitrary distribution of bulk susceptibility",
                  2003, "10.1002/cmr.b.10083")  # fmt: skip

LINEAR = frozenset({Trait.LINEAR})
SAMPLES = LINEAR | {Trait.MASKED}
REPLACES = SAMPLES | {Trait.COISOMETRIC}
MASK = {"dataset": needs(Trait.MASK)}
COILS = {"dataset": needs(Trait.MASK, Trait.MAPS)}
ANYWHERE = {"dataset": needs(Trait.TRAJECTORY, Trait.MAPS)}


@hookimpl
def mridiff_operators() -> Iterable[OperatorSpec]:
    """Cartesian and non-Cartesian sampling by one coil and by several, over time, in motion; the field of a susceptibility map."""
    return [
        OperatorSpec(name="fourier", summary="Single-coil Cartesian sampling, y = M F x",
                     target="mridiff_operators.fourier:FourierOperator", axes=("y", "x"), offers=REPLACES, needs=MASK),
        OperatorSpec(name="kt-cartesian", summary="Time-resolved single-coil Cartesian sampling, y_f = M_f F x_f, a mask per frame",
                     target="mridiff_operators.kt_cartesian:KtCartesianOperator", axes=("t", "y", "x"), offers=REPLACES, needs=MASK),
        OperatorSpec(name="coil-fourier", summary="Multi-coil Cartesian sampling of coil images, y_c = M F x_c",
                     target="mridiff_operators.coil_fourier:CoilFourierOperator", axes=("coil", "y", "x"), offers=REPLACES, needs=COILS),
        OperatorSpec(name="spirit", summary="Coil images without maps: y_c = M F x_c, and 0 = (G - 1) x by calibration lines",
                     target="mridiff_operators.spirit:Spirit", axes=("coil", "y", "x"), offers=LINEAR | {Trait.BLOCK}, needs=COILS,
                     source=SPIRIT),
        OperatorSpec(name="sense", summary="Multi-coil Cartesian sampling, y_c = M F S_c x",
                     target="mridiff_operators.sense:SenseOperator", axes=("y", "x"), offers=SAMPLES, needs=COILS, source=SENSE),
        OperatorSpec(name="sense-3d", summary="Multi-coil Cartesian sampling of a volume, two phase-encoding directions",
                     target="mridiff_operators.sense:Sense3D", axes=("z", "y", "x"), offers=SAMPLES, needs=COILS, source=SENSE),
        OperatorSpec(name="kt-sense", summary="Time-resolved multi-coil Cartesian sampling, y_cf = M_f F S_c x_f, a mask per frame",
                     target="mridiff_operators.sense:KtSense", axes=("t", "y", "x"), offers=SAMPLES, needs=COILS, source=SENSE),
        OperatorSpec(name="noncartesian-sense", summary="Multi-coil sampling along any trajectory, y_c(k) = F S_c x",
                     target="mridiff_operators.noncartesian_sense:NonCartesianSense", axes=("y", "x"), offers=LINEAR, needs=ANYWHERE,
                     source=NONCARTESIAN),
        OperatorSpec(name="noncartesian-sense-3d", summary="Multi-coil sampling of a volume along any trajectory, or a stack of plane ones",
                     target="mridiff_operators.noncartesian_sense:NonCartesianSense3D", axes=("z", "y", "x"), offers=LINEAR,
                     needs=ANYWHERE, source=NONCARTESIAN),
        OperatorSpec(name="kt-noncartesian-sense", summary="Multi-coil sampling of a series, a trajectory per frame",
                     target="mridiff_operators.noncartesian_sense:KtNonCartesianSense", axes=("t", "y", "x"), offers=LINEAR,
                     needs=ANYWHERE, source=NONCARTESIAN),
        OperatorSpec(name="subspace-sense", summary="Multi-coil series as coefficients of a temporal basis, y_ct = M_t F S_c (B x)_t",
                     target="mridiff_operators.subspace:SubspaceSense", axes=("channel", "y", "x"), offers=LINEAR, needs=COILS,
                     source=SUBSPACE),
        OperatorSpec(name="off-resonance-sense", summary="Multi-coil sampling with a field map: spirals, echo-planar images",
                     target="mridiff_operators.off_resonance:OffResonanceSense", axes=("y", "x"), offers=LINEAR,
                     needs={"dataset": needs(Trait.MAPS, {Trait.MASK, Trait.TRAJECTORY})}, source=OFF_RESONANCE),
        OperatorSpec(name="multislice-sense", summary="Simultaneous multi-slice sampling, y_c = M sum_z P_z F S_cz x_z",
                     target="mridiff_operators.multislice:MultiSliceSense", axes=("z", "y", "x"), offers=LINEAR, needs=COILS,
                     source=MULTISLICE),
        OperatorSpec(name="truncation", summary="The middle of k-space alone: an image at a lower resolution than is wanted",
                     target="mridiff_operators.truncation:TruncationOperator", axes=("y", "x"), offers=LINEAR | {Trait.COISOMETRIC}),
        OperatorSpec(name="inpainting", summary="An image of which regions are known, y = M x",
                     target="mridiff_operators.inpainting:InpaintingOperator", axes=("y", "x"), offers=LINEAR | {Trait.COISOMETRIC}),
        OperatorSpec(name="blur-downsample", summary="An image blurred by an unknown kernel, at every n-th pixel, y = D (k * x)",
                     target="mridiff_operators.blur:BlurDownsample", axes=("y", "x"), offers=frozenset({Trait.PARAMETRIC}), source=BLIND),
        OperatorSpec(name="rigid-motion-sense", summary="Multi-coil Cartesian sampling of an object that moves between shots",
                     target="mridiff_operators.motion:RigidMotionSense", axes=("y", "x"), offers=frozenset({Trait.PARAMETRIC}),
                     needs=COILS, source=MOTION),
        OperatorSpec(name="smooth-maps-sense", summary="Multi-coil Cartesian sampling with unknown coil maps, polynomials of the place",
                     target="mridiff_operators.smooth_maps:SmoothMapsSense", axes=("y", "x"), offers=frozenset({Trait.PARAMETRIC}),
                     needs=COILS, source=JSENSE),
        OperatorSpec(name="motion-and-maps-sense", summary="Multi-coil Cartesian sampling of an object that moves, coil maps unknown too",
                     target="mridiff_operators.motion_and_maps:MotionAndMapsSense", axes=("y", "x"),
                     offers=frozenset({Trait.PARAMETRIC}), needs=COILS, source=JSMOCO),
        OperatorSpec(name="relaxation-sense", summary="Multi-coil series as an image and its unknown rates of relaxation: T1, T2, T2*",
                     target="mridiff_operators.relaxation:RelaxationSense", axes=("y", "x"), offers=frozenset({Trait.PARAMETRIC}),
                     needs=COILS, source=RELAXATION),
        OperatorSpec(name="dipole", summary="Local field of a susceptibility map, y = M F^-1 D F x, for any direction of the main field",
                     target="mridiff_operators.dipole:DipoleOperator", axes=("z", "y", "x"), complex=False,
                     offers=LINEAR, source=DIPOLE),
    ]  # fmt: skip
