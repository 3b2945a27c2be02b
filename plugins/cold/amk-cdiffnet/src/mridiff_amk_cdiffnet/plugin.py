"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, PriorSpec, RecipeSpec, SamplerSpec, Trait, Weights, needs

STUDY = Citation("AMK-CDiffNet: Adaptive-multiscale K-space cold diffusion network for fast MRI reconstruction", 2026,
                 "10.1016/j.eswa.2025.129384")  # fmt: skip
WEIGHTS = {
    "brain": Weights("weights/brain.safetensors", "e5ceaa6dc9dbf3eee4c4c9737d7c363b7125a4ece515c9928d10ee526433d544", "Apache-2.0"),
}
"""The weights that come with this package, by the name under which the restorer takes them."""


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """The restorer."""
    return [
        PriorSpec(
            name="amk-restorer",
            summary="Fills missing k-space of brain scans, with receptive fields chosen per frequency band",
            target="mridiff_amk_cdiffnet.prior:AMKRestorer",
            axes=("coil", "y", "x"),
            offers=frozenset({Trait.RESTORER, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC}),
            source=STUDY,
            weights=tuple(WEIGHTS.values()),
            training="mridiff_amk_cdiffnet.train:training",
            stability="experimental",
        )
    ]


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """The cold rule with a running mean."""
    return [
        SamplerSpec(
            name="amk-cdiffnet",
            summary="k-space fills up from the centre, each step an equal share of its energy, with blended predictions",
            target="mridiff_amk_cdiffnet.sampler:AMKCDiffNet",
            priors={"prior": needs(Trait.RESTORER)},
            offers=frozenset({Trait.NO_BACKWARD, Trait.KEEPS_DATA}),
            needs={"operator": needs(Trait.LINEAR, Trait.MASKED, Trait.COISOMETRIC)},
            source=STUDY,
            stability="experimental",
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Accelerated Cartesian MRI, all coils together."""
    return [
        RecipeSpec(name="amk-cdiffnet", summary="adaptive multi-scale cold diffusion wholly in k-space", file="recipe.yaml",
                   family=Family.COLD, application="accelerated", domain="k-space", source=STUDY, stability="experimental",
                   studies="mridiff_amk_cdiffnet.studies:studies")
    ]  # fmt: skip
