"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, PriorSpec, RecipeSpec, SamplerSpec, Trait, Weights, needs

STUDY = Citation("Learning to reconstruct accelerated MRI through K-space cold diffusion without noise", 2024, "10.1038/s41598-024-72820-2")
WEIGHTS = {
    name: Weights(f"weights/{name}.safetensors", sha256, "Apache-2.0")
    for name, sha256 in {
        "brain": "3814911c5dbfc663db3624fd8700e614c4bd8857d104c5425d9f0b8a36b0adc9",
        "brain-first": "2f31e0547581291bdc48f7801918c995c9b64c4e6a6e28226d348bb891edd78d",
    }.items()
}
"""The weights that come with this package, by the name under which the restorer takes them."""


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """The restorer."""
    return [
        PriorSpec(
            name="kspace-restorer",
            summary="Restores undersampled complex brain images, for masks that grow from the scan's to all of k-space",
            target="mridiff_kspace_cold_diffusion.prior:KspaceRestorer",
            axes=("y", "x"),
            offers=frozenset({Trait.RESTORER, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC}),
            source=STUDY,
            weights=tuple(WEIGHTS.values()),
            training="mridiff_kspace_cold_diffusion.train:training",
        )
    ]


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """The cold rule."""
    return [
        SamplerSpec(
            name="kspace-cold-diffusion",
            summary="k-space fills up step by step with what a restorer predicts, measured samples stay",
            target="mridiff_kspace_cold_diffusion.sampler:KspaceColdDiffusion",
            priors={"prior": needs(Trait.RESTORER)},
            offers=frozenset({Trait.NO_BACKWARD, Trait.KEEPS_DATA}),
            needs={"operator": needs(Trait.LINEAR, Trait.MASKED, Trait.COISOMETRIC)},
            source=STUDY,
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Accelerated Cartesian MRI, coil by coil."""
    return [
        RecipeSpec(name="kspace-cold-diffusion", summary="cold diffusion in k-space: deterministic undersampling undone step by step",
                   file="recipe.yaml", family=Family.COLD, application="accelerated", domain="hybrid", source=STUDY,
                   studies="mridiff_kspace_cold_diffusion.studies:studies")
    ]  # fmt: skip
