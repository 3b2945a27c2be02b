"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, RecipeSpec, SamplerSpec, Trait, needs

STUDY = Citation("Fast and reliable score-based generative model for parallel MRI", 2025, "10.1109/TNNLS.2023.3333538")


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """ADMM with a score and a denoiser."""
    return [
        SamplerSpec(
            name="frsgm",
            summary="ADMM with a score step and a denoiser in turn; self-consistency of k-space if asked",
            target="mridiff_frsgm.sampler:FRSGM",
            priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
            offers=frozenset({Trait.NO_BACKWARD}),
            needs={"operator": needs(Trait.LINEAR), "dataset": needs(Trait.GAUSSIAN_NOISE)},
            source=STUDY,
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Multi-coil Cartesian MRI, maps estimated from the scan itself."""
    return [
        RecipeSpec(name="frsgm", summary="score and denoiser in turn, for scans whose coil maps are estimated", file="recipe.yaml",
                   family=Family.HYBRID, application="accelerated", domain="hybrid", source=STUDY,
                   studies="mridiff_frsgm.studies:studies")
    ]  # fmt: skip
