"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, PriorSpec, RecipeSpec, SamplerSpec, Trait, Weights, needs

STUDY = Citation("Zero-shot dynamic MRI reconstruction with global-to-local diffusion model", 2024, "10.48550/arXiv.2411.03723")
WEIGHTS = {
    "global": Weights("weights/global.safetensors", "5e852463e97c2f85c7878290fb05f929b6d71ca7ce3ad192aaa5f1da4b377e19", "Apache-2.0"),
    "local": Weights("weights/local.safetensors", "44392e7ca8132940774e90f4d4875d982ea85d962af0a3db07a09dfc6423e94a", "Apache-2.0"),
}
"""The weights that come with this package, by the names under which the priors take them."""
KNOWS = frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.LINEAR_CODEC})


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """Two denoisers of single frames in weighted k-space."""
    return [
        PriorSpec(name="gldm-global", summary="weighted k-space of a frame, trained on merges of whole undersampled series",
                  target="mridiff_gldm.prior:GlobalPrior", axes=("y", "x"), offers=KNOWS, weights=(WEIGHTS["global"],), source=STUDY,
                  training="mridiff_gldm.train:global_training"),
        PriorSpec(name="gldm-local", summary="weighted k-space of a frame, trained on merges of four undersampled frames",
                  target="mridiff_gldm.prior:LocalPrior", axes=("y", "x"), offers=KNOWS, weights=(WEIGHTS["local"],), source=STUDY,
                  training="mridiff_gldm.train:local_training"),
    ]  # fmt: skip


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """The cascade."""
    demand = needs(Trait.DENOISER, Trait.LINEAR_CODEC)
    return [
        SamplerSpec(name="gldm", summary="global then local predictor and corrector in every step, then low rank over time",
                    target="mridiff_gldm.sampler:GLDM", priors={"global_prior": demand, "local_prior": demand},
                    offers=frozenset({Trait.NO_BACKWARD, Trait.KEEPS_DATA}),
                    needs={"operator": needs(Trait.LINEAR, Trait.COISOMETRIC)}, source=STUDY)
    ]  # fmt: skip


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Cardiac cine with time-interleaved lines."""
    return [
        RecipeSpec(name="gldm", summary="dynamic MRI with a global and a local k-space prior and low rank", file="recipe.yaml",
                   family=Family.HYBRID, application="dynamic", domain="hybrid", source=STUDY,
                   studies="mridiff_gldm.studies:studies")
    ]  # fmt: skip
