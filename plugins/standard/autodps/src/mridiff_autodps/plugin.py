"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, RecipeSpec, SamplerSpec, Trait, needs

STUDY = Citation("AutoDPS: An unsupervised diffusion model based method for multiple degradation removal in MRI", 2025,
                 "10.1016/j.cmpb.2025.108684")  # fmt: skip


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """The motion estimated, and the image drawn with the operator found."""
    return [
        SamplerSpec(
            name="autodps",
            summary="the motion of a scan first, then the image with the operator found",
            target="mridiff_autodps.sampler:AutoDPS",
            axes=("y", "x"),
            priors={"prior": needs(Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC)},
            needs={"operator": needs(Trait.PARAMETRIC), "dataset": needs(Trait.GAUSSIAN_NOISE)},
            source=STUDY,
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """A multi-shot brain scan with unknown rigid motion between the shots."""
    return [
        RecipeSpec(name="autodps", summary="unknown motion between shots, found before the image is drawn", file="recipe.yaml",
                   family=Family.STANDARD, application="motion", domain="hybrid", source=STUDY,
                   studies="mridiff_autodps.studies:studies")
    ]  # fmt: skip
