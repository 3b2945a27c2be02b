"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, RecipeSpec, SamplerSpec, Trait, needs

STUDY = Citation("Diffusion posterior sampling for magnetic resonance imaging", 2025, "10.3934/ipi.2024047")


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """The sampler with a MAP or a gradient likelihood."""
    return [
        SamplerSpec(
            name="dps-mri",
            summary="posterior sampling with the likelihood on the estimate of x0, no back-propagation",
            target="mridiff_dps_mri.sampler:DPSMRI",
            priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
            offers=frozenset({Trait.POSTERIOR, Trait.NO_BACKWARD}),
            needs={"operator": needs(Trait.LINEAR), "dataset": needs(Trait.GAUSSIAN_NOISE)},
            source=STUDY,
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Accelerated multi-coil Cartesian MRI."""
    return [
        RecipeSpec(name="dps-mri", summary="efficient diffusion posterior sampling without back-propagation", file="recipe.yaml",
                   family=Family.STANDARD, application="accelerated", domain="hybrid", source=STUDY,
                   studies="mridiff_dps_mri.studies:studies")
    ]  # fmt: skip
