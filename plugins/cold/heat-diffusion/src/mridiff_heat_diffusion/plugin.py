"""What this package offers: reconstruction by heat diffusion run backwards, and the network that it needs."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, PriorSpec, RecipeSpec, SamplerSpec, Trait, Weights, needs

STUDY = Citation("Physics-informed DeepMRI: k-space interpolation meets heat diffusion", 2024, "10.1109/TMI.2024.3462988")
WEIGHTS = {
    name: Weights(f"weights/{name}.safetensors", sha256, "Apache-2.0")
    for name, sha256 in {
        "brain": "d925fa7664b962b0610fc73c2f45dfc46c91f848530caecce6d488582d81462e",
        "brain-noise": "d152a0be20ee26e5cd12cf0681a619ebbb5084f578aed9fc5335e26f57774750",
        "brain-cold": "6c06018a32629e1053e75c5240321ea2c038785c68ad5414f5898a140e52e9a6",
    }.items()
}
"""The weights that come with this package, by the name under which the prior takes them."""


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """The network."""
    return [
        PriorSpec(
            name="heat-restorer",
            summary="Gives brain images back that were blurred and made noisy",
            target="mridiff_heat_diffusion.prior:HeatRestorer",
            axes=("y", "x"),
            offers=frozenset({Trait.RESTORER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC}),
            source=STUDY,
            weights=tuple(WEIGHTS.values()),
            training="mridiff_heat_diffusion.train:training",
        )
    ]


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """The chain."""
    return [
        SamplerSpec(
            name="heat-diffusion",
            summary="blur and noise of a first reconstruction are undone together, held to the data through the restorer",
            target="mridiff_heat_diffusion.sampler:HeatDiffusion",
            priors={"prior": needs(Trait.RESTORER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC)},
            needs={"operator": needs(Trait.LINEAR), "dataset": needs(Trait.GAUSSIAN_NOISE)},
            source=STUDY,
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Accelerated Cartesian MRI with several coils."""
    return [
        RecipeSpec(name="heat-diffusion", summary="k-space interpolated by heat diffusion run backwards, from blurred CG-SENSE",
                   file="recipe.yaml", family=Family.COLD, application="accelerated", domain="hybrid", source=STUDY,
                   studies="mridiff_heat_diffusion.studies:studies")
    ]  # fmt: skip
