"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, RecipeSpec, SamplerSpec, Trait, needs

STUDY = Citation("Ensemble and low-frequency mixing with diffusion models for accelerated MRI reconstruction", 2025,
                 "10.1016/j.media.2025.103477")  # fmt: skip


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """A reverse process of an ensemble that is averaged in every step."""
    return [
        SamplerSpec(
            name="elf-diff",
            summary="an ensemble averaged inside every step, low frequencies mixed over time",
            target="mridiff_elf_diff.sampler:ElfDiff",
            axes=("y", "x"),
            priors={"prior": needs(Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC)},
            needs={"operator": needs(Trait.LINEAR), "dataset": needs(Trait.GAUSSIAN_NOISE)},
            source=STUDY,
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Multi-coil Cartesian MRI, maps estimated from the scan itself."""
    return [
        RecipeSpec(name="elf-diff", summary="an ensemble averaged inside every step, for accelerated scans of any mask", file="recipe.yaml",
                   family=Family.HYBRID, application="accelerated", domain="image", source=STUDY,
                   studies="mridiff_elf_diff.studies:studies")
    ]  # fmt: skip
