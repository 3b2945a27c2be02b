"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, RecipeSpec, SamplerSpec, Trait, needs

SENSE = Citation("Advances in sensitivity encoding with arbitrary k-space trajectories", 2001, "10.1002/mrm.1241")
SPARSE = Citation("Sparse MRI: the application of compressed sensing for rapid MR imaging", 2007, "10.1002/mrm.21391")
VARIATION = Citation("Nonlinear total variation based noise removal algorithms", 1992, "10.1016/0167-2789(92)90242-F")
DPS = Citation("Diffusion posterior sampling for general noisy inverse problems", 2023)
DIFFPIR = Citation("Denoising diffusion models for plug-and-play image restoration", 2023)
DPIR = Citation("Plug-and-play image restoration with deep denoiser prior", 2021, "10.1109/TPAMI.2021.3088914")
DDGAN = Citation("Tackling the generative learning trilemma with denoising diffusion GANs", 2022)
DDS = Citation("Decomposed diffusion sampler for accelerating large-scale inverse problems", 2024)
DDNM = Citation("Zero-shot image restoration using denoising diffusion null-space model", 2023)
PIGDM = Citation("Pseudoinverse-guided diffusion models for inverse problems", 2023)
PNP = Citation("Plug-and-play ADMM for image restoration: fixed-point convergence and applications", 2017, "10.1109/TCI.2016.2629286")
RED = Citation("The little engine that could: regularization by denoising (RED)", 2017, "10.1137/16M1102884")
DAPS = Citation("Improving diffusion inverse problem solving with decoupled noise annealing", 2025)
RED_DIFF = Citation("A variational perspective on solving inverse problems with diffusion models", 2024)
PARTICLES = Citation("Practical and asymptotically exact conditional sampling in diffusion models", 2023)
DDRM = Citation("Denoising diffusion restoration models", 2022)
SCORE = Citation("Score-based diffusion models for accelerated MRI", 2022, "10.1016/j.media.2022.102479")
LANGEVIN = Citation("Robust compressed sensing MRI with deep generative priors", 2021)

TKD = Citation("Magnetic susceptibility mapping of brain tissue in vivo using MRI phase data", 2009, "10.1002/mrm.22135")

LINEAR = {"operator": needs(Trait.LINEAR)}
SQUARES = LINEAR | {"dataset": needs(Trait.GAUSSIAN_NOISE)}
"""Of samplers whose data term is a sum of squares."""
POINT = frozenset({Trait.POINT, Trait.NO_BACKWARD})
STUDIES = "mridiff_samplers.studies:studies"


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """Five classical baselines, nine diffusion samplers, and a denoiser as regulariser."""
    return [
        SamplerSpec(name="zero-filled", summary="the adjoint: what was not measured counts as zero",
                    target="mridiff_samplers.zero_filled:ZeroFilled", offers=POINT, needs=LINEAR),
        SamplerSpec(name="cg-sense", summary="least squares by conjugate gradients",
                    target="mridiff_samplers.cg_sense:CGSense", offers=POINT, needs=SQUARES, source=SENSE),
        SamplerSpec(name="l1-wavelet", summary="compressed sensing with sparse wavelet coefficients, by FISTA",
                    target="mridiff_samplers.wavelet:L1Wavelet", offers=POINT, needs=SQUARES, source=SPARSE),
        SamplerSpec(name="tv", summary="total variation, isotropic, by ADMM",
                    target="mridiff_samplers.tv:TotalVariation", offers=POINT, needs=SQUARES, source=VARIATION),
        SamplerSpec(name="tkd", summary="thresholded k-space division by a convolution kernel",
                    target="mridiff_samplers.tkd:TKD", offers=POINT, axes=("z", "y", "x"), needs=SQUARES, source=TKD),
        SamplerSpec(name="dps", summary="diffusion posterior sampling with a gradient through the prior",
                    target="mridiff_samplers.dps:DPS", priors={"prior": needs(Trait.DENOISER, Trait.DIFFERENTIABLE)},
                    needs={"dataset": needs(Trait.GAUSSIAN_NOISE)}, source=DPS),
        SamplerSpec(name="diffpir", summary="denoising and a proximal data step in turn, few steps",
                    target="mridiff_samplers.diffpir:DiffPIR", priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=frozenset({Trait.POSTERIOR, Trait.NO_BACKWARD}), needs=SQUARES, source=DIFFPIR),
        SamplerSpec(name="dpir", summary="denoising and a proximal data step in turn, without noise: one estimate",
                    target="mridiff_samplers.dpir:DPIR", priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=POINT, needs=SQUARES, source=DPIR),
        SamplerSpec(name="dds", summary="a few conjugate gradients on the data from each denoised image, the noise of the network",
                    target="mridiff_samplers.dds:DDS", priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=frozenset({Trait.NO_BACKWARD}), needs=SQUARES, source=DDS),
        SamplerSpec(name="ddnm", summary="the range of the data from the measurement, its null space from the denoised image",
                    target="mridiff_samplers.ddnm:DDNM", priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=frozenset({Trait.NO_BACKWARD}), needs=SQUARES, source=DDNM),
        SamplerSpec(name="pigdm", summary="guidance by a pseudo-inverse of the data, through the prior",
                    target="mridiff_samplers.pigdm:PiGDM",
                    priors={"prior": needs(Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC)}, needs=SQUARES, source=PIGDM),
        SamplerSpec(name="pnp-admm", summary="denoising and a proximal data step in turn, with a dual variable: one estimate",
                    target="mridiff_samplers.pnp_admm:PnPADMM", priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=POINT, needs=SQUARES, source=PNP),
        SamplerSpec(name="red-admm", summary="regularisation by denoising with a proximal data step: one estimate",
                    target="mridiff_samplers.red_admm:REDADMM", priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=POINT, needs=SQUARES, source=RED),
        SamplerSpec(name="daps", summary="an estimate, a draw about it that knows the data, and noise afresh",
                    target="mridiff_samplers.daps:DAPS", priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=frozenset({Trait.POSTERIOR, Trait.NO_BACKWARD}), needs=SQUARES, source=DAPS),
        SamplerSpec(name="red-diff", summary="regularisation by denoising at falling noise levels: one estimate",
                    target="mridiff_samplers.red_diff:REDDiff", priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=POINT, needs=SQUARES, source=RED_DIFF),
        SamplerSpec(name="particles", summary="weighed and resampled chains: the exact posterior of small problems",
                    target="mridiff_samplers.particles:Particles", priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=frozenset({Trait.POSTERIOR, Trait.NO_BACKWARD}), needs=SQUARES, source=PARTICLES),
        SamplerSpec(name="ddrm", summary="every direction of the data by its own noise, without a singular value decomposition",
                    target="mridiff_samplers.ddrm:DDRM", priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=frozenset({Trait.NO_BACKWARD}), needs=SQUARES, source=DDRM),
        SamplerSpec(name="predictor-corrector", summary="a reverse step and Langevin moves at each level, with the data in x0",
                    target="mridiff_samplers.predictor_corrector:PredictorCorrector",
                    priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=frozenset({Trait.NO_BACKWARD}), needs=SQUARES, source=SCORE),
        SamplerSpec(name="annealed-langevin", summary="Langevin moves at falling levels, preconditioned by the exact likelihood",
                    target="mridiff_samplers.annealed_langevin:AnnealedLangevin",
                    priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=frozenset({Trait.NO_BACKWARD}), needs=SQUARES, source=LANGEVIN),
        SamplerSpec(name="few-steps", summary="a few large steps whose prior draws x0, with replacement of measured numbers",
                    target="mridiff_samplers.few_steps:FewSteps",
                    priors={"prior": needs({Trait.GENERATOR, Trait.DENOISER})},
                    offers=frozenset({Trait.NO_BACKWARD, Trait.KEEPS_DATA}), needs={"operator": needs(Trait.LINEAR, Trait.COISOMETRIC)},
                    source=DDGAN),
    ]  # fmt: skip


def _recipe(name: str, summary: str, family: Family, domain: str, source: Citation | None = None, studies: str = "") -> RecipeSpec:
    return RecipeSpec(name=name, summary=summary, file=f"recipes/{name}.yaml", family=family, application="accelerated", domain=domain,
                      source=source, studies=studies)  # fmt: skip


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Seven of them as methods for multi-coil Cartesian scans, one for susceptibility mapping."""
    return [
        _recipe("zero-filled", "zero-filled reconstruction", Family.CLASSICAL, "image"),
        _recipe("cg-sense", "CG-SENSE, unregularised or with an l2 term", Family.CLASSICAL, "image", SENSE),
        _recipe("l1-wavelet", "l1-wavelet compressed sensing with coil maps", Family.CLASSICAL, "image", SPARSE),
        _recipe("tv", "total variation reconstruction with coil maps", Family.CLASSICAL, "image", VARIATION),
        RecipeSpec(
            name="tkd",
            summary="thresholded k-space division of a local field",
            file="recipes/tkd.yaml",
            family=Family.CLASSICAL,
            application="susceptibility",
            domain="k-space",
            source=TKD,
        ),
        _recipe("dps", "diffusion posterior sampling, gradient through the prior", Family.STANDARD, "hybrid", DPS),
        _recipe("diffpir", "diffusion prior with a proximal data step, few steps", Family.STANDARD, "hybrid", DIFFPIR),
        _recipe("dpir", "diffusion prior as plug-and-play denoiser, one estimate", Family.STANDARD, "hybrid", DPIR, STUDIES),
    ]
