"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, RecipeSpec, SamplerSpec, Trait, needs

STUDY = Citation("Highly accelerated MRI via implicit neural representation guided posterior sampling of diffusion models", 2025,
                 "10.1016/j.media.2024.103398")  # fmt: skip


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """The sampler whose estimates meet the data in the weights of a network."""
    return [
        SamplerSpec(
            name="diffinr",
            summary="a diffusion chain whose estimates a coordinate network fits to the data, now and then",
            target="mridiff_diffinr.sampler:DiffINR",
            priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
            offers=frozenset({Trait.NO_BACKWARD}),
            needs={"operator": needs(Trait.LINEAR), "dataset": needs(Trait.GAUSSIAN_NOISE)},
            source=STUDY,
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Highly accelerated multi-coil Cartesian MRI."""
    return [
        RecipeSpec(name="diffinr", summary="diffusion with data consistency in the weights of a coordinate network", file="recipe.yaml",
                   family=Family.HYBRID, application="accelerated", domain="hybrid", source=STUDY,
                   studies="mridiff_diffinr.studies:studies")
    ]  # fmt: skip
