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
PSLD = Citation("Solving linear inverse problems provably via posterior sampling with latent diffusion models", 2023)
RESAMPLE = Citation("Solving inverse problems with latent diffusion models via hard data consistency", 2024)
LANGEVIN = Citation("Robust compressed sensing MRI with deep generative priors", 2021)

GRAPPA = Citation("Generalized autocalibrating partially parallel acquisitions (GRAPPA)", 2002, "10.1002/mrm.10171")
SAKE = Citation("Calibrationless parallel imaging reconstruction based on structured low-rank matrix completion", 2014,
                "10.1002/mrm.24997")  # fmt: skip
L_PLUS_S = Citation("Low-rank plus sparse matrix decomposition for accelerated dynamic MRI with separation of background and dynamic "
                    "components", 2015, "10.1002/mrm.25240")  # fmt: skip
PROJECTION = Citation("The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate", 1973,
                      "10.1137/0710036")  # fmt: skip
TKD = Citation("Magnetic susceptibility mapping of brain tissue in vivo using MRI phase data", 2009, "10.1002/mrm.22135")

LINEAR = {"operator": needs(Trait.LINEAR)}
SQUARES = LINEAR | {"dataset": needs(Trait.GAUSSIAN_NOISE)}
"""Of samplers whose data term is a sum of squares."""
COILS = {"operator": needs(Trait.LINEAR, Trait.MASKED, Trait.COISOMETRIC), "dataset": needs(Trait.GAUSSIAN_NOISE)}
"""Of samplers of coil images."""
FORWARD = frozenset({Trait.NO_BACKWARD})
POINT, DRAWS = FORWARD | {Trait.POINT}, FORWARD | {Trait.POSTERIOR}
KEPT = POINT | {Trait.KEEPS_DATA}
STUDIES = "mridiff_samplers.studies:studies"


def _denoising(name: str, summary: str, target: str, offers: frozenset[Trait], source: Citation) -> SamplerSpec:
    """A sampler that asks a denoiser, forward alone, and solves for the data."""
    return SamplerSpec(name=name, summary=summary, target=f"mridiff_samplers.{target}", offers=offers, needs=SQUARES, source=source,
                       priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)})  # fmt: skip


def _classical() -> list[SamplerSpec]:
    """Samplers without a prior."""
    return [
        SamplerSpec(name="zero-filled", summary="the adjoint: what was not measured counts as zero",
                    target="mridiff_samplers.zero_filled:ZeroFilled", offers=POINT, needs=LINEAR),
        SamplerSpec(name="cg-sense", summary="least squares by conjugate gradients",
                    target="mridiff_samplers.cg_sense:CGSense", offers=POINT, needs=SQUARES, source=SENSE),
        SamplerSpec(name="variable-projection", summary="least squares of an image and of what is unknown of its acquisition",
                    target="mridiff_samplers.variable_projection:VariableProjection", offers=frozenset({Trait.POINT}),
                    needs={"operator": needs(Trait.PARAMETRIC), "dataset": needs(Trait.GAUSSIAN_NOISE)}, source=PROJECTION),
        SamplerSpec(name="l1-wavelet", summary="compressed sensing with sparse wavelet coefficients, by FISTA",
                    target="mridiff_samplers.wavelet:L1Wavelet", offers=POINT, needs=SQUARES, source=SPARSE),
        SamplerSpec(name="tv", summary="total variation, isotropic, by ADMM",
                    target="mridiff_samplers.tv:TotalVariation", offers=POINT, needs=SQUARES, source=VARIATION),
        SamplerSpec(name="tkd", summary="thresholded k-space division by a convolution kernel",
                    target="mridiff_samplers.tkd:TKD", offers=POINT, axes=("z", "y", "x"), needs=SQUARES, source=TKD),
        SamplerSpec(name="grappa", summary="missing samples from their neighbours in all coils, as calibration lines teach",
                    target="mridiff_samplers.grappa:GRAPPA", offers=KEPT, axes=("coil", "y", "x"), needs=COILS, source=GRAPPA),
        SamplerSpec(name="sake", summary="low rank of the windows of k-space in all coils, without calibration",
                    target="mridiff_samplers.sake:SAKE", offers=KEPT, axes=("coil", "y", "x"), needs=COILS, source=SAKE),
        SamplerSpec(name="l-plus-s", summary="a series as a background of low rank and changes of few temporal frequencies",
                    target="mridiff_samplers.l_plus_s:LPlusS", offers=POINT, axes=("t",), needs=SQUARES, source=L_PLUS_S),
    ]  # fmt: skip


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """Classical baselines, diffusion samplers, and denoisers as regularisers."""
    return [
        *_classical(),
        SamplerSpec(name="dps", summary="diffusion posterior sampling with a gradient through the prior",
                    target="mridiff_samplers.dps:DPS", priors={"prior": needs(Trait.DENOISER, Trait.DIFFERENTIABLE)},
                    needs={"dataset": needs(Trait.GAUSSIAN_NOISE)}, source=DPS),
        _denoising("diffpir", "denoising and a proximal data step in turn, few steps",
                   "diffpir:DiffPIR", DRAWS, DIFFPIR),
        _denoising("dpir", "denoising and a proximal data step in turn, without noise: one estimate",
                   "dpir:DPIR", POINT, DPIR),
        _denoising("dds", "a few conjugate gradients on the data from each denoised image, the noise of the network",
                   "dds:DDS", FORWARD, DDS),
        _denoising("ddnm", "the range of the data from the measurement, its null space from the denoised image",
                   "ddnm:DDNM", FORWARD, DDNM),
        SamplerSpec(name="pigdm", summary="guidance by a pseudo-inverse of the data, through the prior",
                    target="mridiff_samplers.pigdm:PiGDM",
                    priors={"prior": needs(Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC)}, needs=SQUARES, source=PIGDM),
        _denoising("pnp-admm", "denoising and a proximal data step in turn, with a dual variable: one estimate",
                   "pnp_admm:PnPADMM", POINT, PNP),
        _denoising("red-admm", "regularisation by denoising with a proximal data step: one estimate",
                   "red_admm:REDADMM", POINT, RED),
        _denoising("daps", "an estimate, a draw about it that knows the data, and noise afresh",
                   "daps:DAPS", DRAWS, DAPS),
        _denoising("red-diff", "regularisation by denoising at falling noise levels: one estimate",
                   "red_diff:REDDiff", POINT, RED_DIFF),
        _denoising("particles", "weighed and resampled chains: the exact posterior of small problems",
                   "particles:Particles", DRAWS, PARTICLES),
        _denoising("ddrm", "every direction of the data by its own noise, without a singular value decomposition",
                   "ddrm:DDRM", FORWARD, DDRM),
        _denoising("predictor-corrector", "a reverse step and Langevin moves at each level, with the data in x0",
                   "predictor_corrector:PredictorCorrector", FORWARD, SCORE),
        _denoising("annealed-langevin", "Langevin moves at falling levels, preconditioned by the exact likelihood",
                   "annealed_langevin:AnnealedLangevin", FORWARD, LANGEVIN),
        SamplerSpec(name="psld", summary="guidance by data and by how far codes and images disagree, through prior and codec",
                    target="mridiff_samplers.psld:PSLD", priors={"prior": needs(Trait.DENOISER, Trait.DIFFERENTIABLE)},
                    needs=SQUARES, source=PSLD),
        SamplerSpec(name="resample", summary="codes that meet the data, by Gauss and Newton through the decoder, and states drawn anew",
                    target="mridiff_samplers.resample:ReSample", priors={"prior": needs(Trait.DENOISER)}, offers=FORWARD,
                    needs=SQUARES, source=RESAMPLE),
        SamplerSpec(name="few-steps", summary="a few large steps whose prior draws x0, each brought towards the data",
                    target="mridiff_samplers.few_steps:FewSteps",
                    priors={"prior": needs({Trait.GENERATOR, Trait.DENOISER})},
                    offers=FORWARD | {Trait.KEEPS_DATA}, needs=SQUARES, source=DDGAN),
    ]  # fmt: skip


def _recipe(name: str, summary: str, family: Family, domain: str, source: Citation | None = None, studies: str = "") -> RecipeSpec:
    return RecipeSpec(name=name, summary=summary, file=f"recipes/{name}.yaml", family=family, application="accelerated", domain=domain,
                      source=source, studies=studies)  # fmt: skip


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Nine of them as methods for multi-coil Cartesian scans, one for series, one for susceptibility mapping."""
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
        _recipe("grappa", "GRAPPA from the calibration lines of the scan", Family.CLASSICAL, "k-space", GRAPPA),
        RecipeSpec(
            name="sake",
            summary="SAKE, low rank of k-space without calibration",
            file="recipes/sake.yaml",
            family=Family.CLASSICAL,
            application="calibrationless",
            domain="k-space",
            source=SAKE,
        ),
        RecipeSpec(
            name="l-plus-s",
            summary="low rank plus sparse reconstruction of a series",
            file="recipes/l-plus-s.yaml",
            family=Family.CLASSICAL,
            application="dynamic",
            domain="image",
            source=L_PLUS_S,
        ),
        _recipe("dps", "diffusion posterior sampling, gradient through the prior", Family.STANDARD, "hybrid", DPS),
        _recipe("diffpir", "diffusion prior with a proximal data step, few steps", Family.STANDARD, "hybrid", DIFFPIR),
        _recipe("dpir", "diffusion prior as plug-and-play denoiser, one estimate", Family.STANDARD, "hybrid", DPIR, STUDIES),
    ]
