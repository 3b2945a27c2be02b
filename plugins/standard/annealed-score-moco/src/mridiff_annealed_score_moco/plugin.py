"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, RecipeSpec, SamplerSpec, Trait, needs

STUDY = Citation("Annealed score-based diffusion model for MR motion artifact reduction", 2024, "10.1109/TCI.2023.3347917")


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """Cycles of partial noising and denoising."""
    return [
        SamplerSpec(
            name="annealed-score-moco",
            summary="cycles of noise and denoising of an image in motion, its central and agreeing lines held",
            target="mridiff_annealed_score_moco.sampler:AnnealedScoreMoco",
            axes=("y", "x"),
            priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
            offers=frozenset({Trait.NO_BACKWARD}),
            needs={"operator": needs(Trait.LINEAR)},
            source=STUDY,
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """A scan of a head that moves, by an operator that knows nothing of it."""
    return [
        RecipeSpec(name="annealed-score-moco", summary="motion artefacts taken off an image, without a model of the motion",
                   file="recipe.yaml", family=Family.STANDARD, application="motion", domain="hybrid", source=STUDY,
                   studies="mridiff_annealed_score_moco.studies:studies")
    ]  # fmt: skip
