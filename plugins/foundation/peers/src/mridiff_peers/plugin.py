"""What this package offers, of what is installed: nothing is imported to know it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from shutil import which

from mridiff import hookimpl
from mridiff.spec import Citation, Family, OperatorSpec, PriorSpec, RecipeSpec, SamplerSpec, Trait, needs

BART = Citation("Berkeley advanced reconstruction toolbox", 2015)
SIGPY = Citation("SigPy: a Python package for high performance iterative reconstruction", 2019)
DEEPINV = Citation("DeepInverse: a Python package for solving imaging inverse problems with deep learning", 2025, "10.21105/joss.08923")
MRPRO = Citation("MRpro: open PyTorch-based MR reconstruction and processing package", 2025)
MONAI = Citation("Generative AI for medical imaging: extending the MONAI framework", 2023)

COILS = {"dataset": needs(Trait.MASK, Trait.MAPS)}
ANYWHERE = {"dataset": needs(Trait.TRAJECTORY, Trait.MAPS)}
CARTESIAN = frozenset({Trait.LINEAR, Trait.MASKED})
SQUARES = {"operator": needs(Trait.LINEAR), "dataset": needs(Trait.GAUSSIAN_NOISE)}
POINT = frozenset({Trait.POINT, Trait.NO_BACKWARD})


def installed(*modules: str) -> bool:
    """Whether all these modules are there to be imported."""
    return all(find_spec(module) is not None for module in modules)


def deepinv() -> bool:
    """Whether deepinv is there, with what it imports by name."""
    return installed("deepinv", "torchvision")


@hookimpl
def mridiff_operators() -> Iterable[OperatorSpec]:
    """Multi-coil sampling as other projects compute it."""
    if deepinv():
        yield sense("deepinv", "deepinv's physics", "deepinv_sense:DeepinvSense", DEEPINV)
    if installed("mrpro", "torchvision"):
        yield sense("mrpro", "mrpro's operators", "mrpro_sense:MrproSense", MRPRO)
        yield noncartesian("mrpro", "mrpro's operators", "mrpro_sense:MrproNonCartesian", MRPRO)
    if installed("sigpy"):
        yield sense("sigpy", "sigpy's linops", "sigpy_sense:SigpySense", SIGPY)
        yield noncartesian("sigpy", "sigpy's linops", "sigpy_sense:SigpyNonCartesian", SIGPY)


def sense(whose: str, what: str, target: str, source: Citation) -> OperatorSpec:
    """Cartesian sampling by coils."""
    return OperatorSpec(name=f"{whose}-sense", summary=f"Multi-coil Cartesian sampling by {what}", target=f"mridiff_peers.{target}",
                        axes=("y", "x"), offers=CARTESIAN, needs=COILS, source=source)  # fmt: skip


def noncartesian(whose: str, what: str, target: str, source: Citation) -> OperatorSpec:
    """Sampling by coils along a trajectory."""
    return OperatorSpec(name=f"{whose}-noncartesian", summary=f"Multi-coil sampling along any trajectory by {what}",
                        target=f"mridiff_peers.{target}", axes=("y", "x"), offers=frozenset({Trait.LINEAR}), needs=ANYWHERE,
                        source=source)  # fmt: skip


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """Networks of other projects, from files of their user."""
    if deepinv():
        yield network("deepinv-drunet", "DRUNet of deepinv, from a file", "deepinv_drunet:DRUNet", DEEPINV)
        yield network("deepinv-drunet-real", "DRUNet of deepinv, from a file", "deepinv_drunet:DRUNetReal", DEEPINV)
    if installed("monai"):
        yield network("monai", "DiffusionModelUNet of MONAI, from a folder", "monai_unet:Monai", MONAI)
        yield network("monai-real", "DiffusionModelUNet of MONAI, from a folder", "monai_unet:MonaiReal", MONAI)


def network(name: str, what: str, target: str, source: Citation) -> PriorSpec:
    """A denoiser of complex images, or of real ones where its name says so."""
    real = name.endswith("-real")
    return PriorSpec(name=name, summary=f"{what}: {'one channel, magnitudes' if real else 'real and imaginary part'}",
                     target=f"mridiff_peers.{target}", axes=("y", "x"), complex=not real, source=source,
                     offers=frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC}))  # fmt: skip


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """Reconstructions of other projects."""
    if deepinv():
        unitary = needs(Trait.DENOISER, Trait.UNITARY_CODEC)
        yield SamplerSpec(name="deepinv-dps", summary="deepinv's diffusion posterior sampling",
                          target="mridiff_peers.deepinv_dps:DeepinvDPS", needs=SQUARES, source=DEEPINV,
                          priors={"prior": needs(Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC)})  # fmt: skip
        yield SamplerSpec(name="deepinv-diffpir", summary="deepinv's DiffPIR: denoising and a proximal data step in turn",
                          target="mridiff_peers.deepinv_diffpir:DeepinvDiffPIR", offers=frozenset({Trait.NO_BACKWARD}), needs=SQUARES,
                          priors={"prior": unitary}, source=DEEPINV)  # fmt: skip
        yield SamplerSpec(name="deepinv-dpir", summary="deepinv's DPIR: plug-and-play denoising without noise, one estimate",
                          target="mridiff_peers.deepinv_dpir:DeepinvDPIR", offers=POINT, needs=SQUARES, priors={"prior": unitary},
                          source=DEEPINV)  # fmt: skip
    if which("bart"):
        yield SamplerSpec(name="bart-pics", summary="BART's parallel imaging and compressed sensing, as a program of its own",
                          target="mridiff_peers.bart:BartPics", offers=POINT, source=BART,
                          needs={"operator": needs(Trait.LINEAR, Trait.MASKED), "dataset": needs(Trait.GAUSSIAN_NOISE)})  # fmt: skip


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """One line each: `mridiff compare dpir,deepinv-dps,bart-pics scan.h5`."""
    if which("bart"):
        yield recipe("bart-pics", "BART's l1-wavelet compressed sensing with coil maps", Family.CLASSICAL, "image", BART)
    if deepinv():
        yield recipe("deepinv-dps", "deepinv's diffusion posterior sampling", Family.STANDARD, "hybrid", DEEPINV)
        yield recipe("deepinv-diffpir", "deepinv's DiffPIR", Family.STANDARD, "hybrid", DEEPINV)
        yield recipe("deepinv-dpir", "deepinv's DPIR with a diffusion prior as denoiser, one estimate", Family.STANDARD, "hybrid", DEEPINV)


def recipe(name: str, summary: str, family: Family, domain: str, source: Citation) -> RecipeSpec:
    """A method for accelerated scans of several coils."""
    return RecipeSpec(name=name, summary=summary, file=f"recipes/{name}.yaml", family=family, application="accelerated", domain=domain,
                      source=source)  # fmt: skip
