"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, PriorSpec, RecipeSpec, SamplerSpec, Trait, Weights, needs

TITLE = "Diffusion-QSM: diffusion model with time-travel and resampling refinement for quantitative susceptibility mapping"
STUDY = Citation(TITLE, 2025, "10.1109/TBME.2025.3605587")
WEIGHTS = {
    "phantom": Weights("weights/phantom.safetensors", "f58a84b04548f3aad4d0fb7e7a4c9a7218d015fb002811cfb4dc9f013d4a29da", "Apache-2.0"),
}
"""The weights that come with this package, by the name under which the prior takes them."""


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """Susceptibility maps of brains."""
    return [
        PriorSpec(
            name="qsm-patches",
            summary="Denoiser of susceptibility maps in ppm, volumes from overlapping cubes, on the 1000 levels of DDPM",
            target="mridiff_diffusion_qsm.prior:QsmPatches",
            axes=("z", "y", "x"),
            complex=False,
            offers=frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC}),
            source=STUDY,
            weights=tuple(WEIGHTS.values()),
            training="mridiff_diffusion_qsm.train:training",
        )
    ]


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """DDIM with a data step, and time travel."""
    return [
        SamplerSpec(
            name="diffusion-qsm",
            summary="DDIM with a data step by conjugate gradients, and time travel in the last levels",
            target="mridiff_diffusion_qsm.sampler:DiffusionQSM",
            priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
            offers=frozenset({Trait.NO_BACKWARD}),
            needs={"operator": needs(Trait.LINEAR), "dataset": needs(Trait.GAUSSIAN_NOISE)},
            source=STUDY,
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Susceptibility of the brain from its local field."""
    return [
        RecipeSpec(name="diffusion-qsm", summary="dipole inversion with a 3-D prior of susceptibility patches, refined by time travel",
                   file="recipe.yaml", family=Family.HYBRID, application="susceptibility", domain="image", source=STUDY,
                   studies="mridiff_diffusion_qsm.studies:studies")
    ]  # fmt: skip
