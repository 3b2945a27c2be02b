"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, PriorSpec, RecipeSpec, Trait, Weights

STUDY = Citation("DiffGAN: An adversarial diffusion model with local transformer for MRI reconstruction", 2024, "10.1016/j.mri.2024.03.017")
WEIGHTS = {
    "brain": Weights("weights/brain.safetensors", "18fb5fd90c8116c40f6a73c1de87bf7ba359e659a261c3fb7f419b5a6e978958", "Apache-2.0"),
    "brain-near": Weights(
        "weights/brain-near.safetensors", "f3f8abcd03df70cfe47d239cc6b746a86742121edd75867cadf46d5979db055d", "Apache-2.0"
    ),
}
"""The weights that come with this package, by the name under which the generator takes them: draws that differ
as much as their mean is off, and draws near their mean, of which one alone is better."""


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """The generator."""
    return [
        PriorSpec(
            name="diffgan-generator",
            summary="few-step conditional generator of complex brain images with a local transformer",
            target="mridiff_diffgan.prior:DiffGANGenerator",
            axes=("y", "x"),
            offers=frozenset({Trait.GENERATOR, Trait.STOCHASTIC, Trait.CONDITIONAL, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC,
                              Trait.LINEAR_CODEC}),
            source=STUDY,
            weights=tuple(WEIGHTS.values()),
            training="mridiff_diffgan.train:training",
        )
    ]  # fmt: skip


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Accelerated single-coil Cartesian MRI."""
    return [
        RecipeSpec(name="diffgan", summary="adversarial diffusion: four steps of a conditional generator with a local transformer",
                   file="recipe.yaml", family=Family.HYBRID, application="accelerated", domain="image", source=STUDY,
                   studies="mridiff_diffgan.studies:studies")
    ]  # fmt: skip
