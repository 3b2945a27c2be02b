"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, RecipeSpec, SamplerSpec, Trait, needs

STUDY = Citation("Accelerated motion correction with deep generative diffusion models", 2024, "10.1002/mrm.30082")


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """The method, annealed Langevin dynamics as its authors released it, and the chain with one estimate per noise level."""
    return [
        SamplerSpec(
            name="moco-dps",
            summary="image and motion by annealed Langevin dynamics with balanced gradients",
            target="mridiff_moco_dps.sampler:MocoDPS",
            priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
            offers=frozenset({Trait.NO_BACKWARD}),
            needs={"operator": needs(Trait.PARAMETRIC)},
            source=STUDY,
        ),
        SamplerSpec(
            name="moco-ddim",
            summary="image and motion in one reverse process, the motion by gradients of the same residual",
            target="mridiff_moco_dps.ddim:MocoDDIM",
            priors={"prior": needs(Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC)},
            needs={"operator": needs(Trait.PARAMETRIC)},
            source=STUDY,
        ),
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """A multi-shot brain scan with unknown rigid motion between the shots."""
    return [
        RecipeSpec(name="moco-dps", summary="joint sampling of image and rigid motion between shots", file="recipe.yaml",
                   family=Family.HYBRID, application="motion", domain="hybrid", source=STUDY,
                   studies="mridiff_moco_dps.studies:studies")
    ]  # fmt: skip
