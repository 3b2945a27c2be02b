"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, PriorSpec, RecipeSpec, SamplerSpec, Trait, Weights, needs

STUDY = Citation("Latent-k-space of refinement diffusion model for accelerated MRI reconstruction", 2025, "10.1088/2057-1976/adf3b4")
WEIGHTS = {
    "latent": Weights("weights/latent.safetensors", "0c4d51efb7b3285b1fcba7ae9bd3847403312b25d955bfe431738195cd5036fb", "Apache-2.0"),
    "high": Weights("weights/high.safetensors", "03044613cb8cc95db26646eec131716e229493b17a281e99f70f60833b822557", "Apache-2.0"),
}
"""The weights that come with this package, by the names under which the priors take them."""
KNOWS = frozenset({Trait.GENERATOR, Trait.CONDITIONAL, Trait.DIFFERENTIABLE})
MEASURES = needs(Trait.LINEAR, Trait.MASKED, Trait.COISOMETRIC)


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """Two diffusions of a code, each with a decoder that reads the measurement: for all of k-space, and for its high frequencies."""
    return [
        PriorSpec(name="latent-kspace", summary="few-step diffusion of a code of k-space, decoded beside the measured samples",
                  target="mridiff_lrdm.prior:LatentPrior", axes=("y", "x"), offers=KNOWS, needs={"operator": MEASURES},
                  weights=(WEIGHTS["latent"],), source=STUDY, training="mridiff_lrdm.train:latent_training"),
        PriorSpec(name="hf-kspace", summary="few-step diffusion of a code of k-space without its centre, decoded likewise",
                  target="mridiff_lrdm.prior:HighFrequencyPrior", axes=("y", "x"), offers=KNOWS, needs={"operator": MEASURES},
                  weights=(WEIGHTS["high"],), source=STUDY, training="mridiff_lrdm.train:high_training"),
    ]  # fmt: skip


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """The two chains and what is made of them."""
    demand = needs(Trait.GENERATOR, Trait.CONDITIONAL)
    return [
        SamplerSpec(name="lrdm", summary="two few-step chains, one refining the high frequencies of the other, then the data",
                    target="mridiff_lrdm.sampler:LRDM", priors={"latent_prior": demand, "hf_prior": demand},
                    offers=frozenset({Trait.NO_BACKWARD, Trait.KEEPS_DATA}),
                    needs={"operator": needs(Trait.LINEAR, Trait.COISOMETRIC)}, source=STUDY)
    ]  # fmt: skip


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Accelerated Cartesian MRI, coil by coil."""
    return [
        RecipeSpec(name="lrdm", summary="four diffusion steps on a code of k-space, and a second model for its high frequencies",
                   file="recipe.yaml", family=Family.LATENT, application="accelerated", domain="hybrid", source=STUDY,
                   studies="mridiff_lrdm.studies:studies")
    ]  # fmt: skip
