"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, RecipeSpec, SamplerSpec, Trait, needs

STUDY = Citation("Joint coil sensitivity and motion correction in parallel MRI with a self-calibrating score-based diffusion model", 2025,
                 "10.1016/j.media.2025.103502")  # fmt: skip


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """Image, motion and coil maps in turn."""
    return [
        SamplerSpec(
            name="jsmoco",
            summary="image, motion between shots and coil maps in turn at every noise level",
            target="mridiff_jsmoco.sampler:JSMoCo",
            priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
            offers=frozenset({Trait.NO_BACKWARD}),
            needs={"operator": needs(Trait.PARAMETRIC)},
            source=STUDY,
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """A multi-shot brain scan of a head that moves, whose coil maps are those of its corrupted centre."""
    return [
        RecipeSpec(name="jsmoco", summary="joint estimation of image, rigid motion between shots and coil maps", file="recipe.yaml",
                   family=Family.HYBRID, application="motion", domain="hybrid", source=STUDY,
                   studies="mridiff_jsmoco.studies:studies")
    ]  # fmt: skip
