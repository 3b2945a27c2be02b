"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, PriorSpec, RecipeSpec, SamplerSpec, Trait, Weights, needs

TITLE = "NeuralDiffuser: neuroscience-inspired diffusion guidance for fMRI visual reconstruction"
STUDY = Citation(TITLE, 2025, "10.1109/TIP.2025.3526051")
WEIGHTS = {
    "sim-fmri": Weights("weights/sim-fmri.safetensors", "3fa4fd3488c60be31428b57d74dbfd3a0fd57bb6d6c7de2a8afd42e185435796", "Apache-2.0"),
}
"""The decoders that come with this package, by the name under which the prior takes them; they belong to the networks `tiny`."""


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """Latent diffusion with decoders of brain responses."""
    return [
        PriorSpec(name="feature-guided-ldm", summary="Latent diffusion of pictures that reads latent, text and vision features from voxels",
                  target="mridiff_neuraldiffuser.prior:FeatureGuided", axes=("channel", "y", "x"), complex=False,
                  offers=frozenset({Trait.DENOISER, Trait.CONDITIONAL, Trait.DIFFERENTIABLE}), source=STUDY,
                  weights=tuple(WEIGHTS.values()), training="mridiff_neuraldiffuser.train:training")
    ]  # fmt: skip


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """Image to image with guidance."""
    return [
        SamplerSpec(name="neuraldiffuser", summary="from a decoded latent by DDIM, steered by a text and early by decoded vision features",
                    target="mridiff_neuraldiffuser.sampler:NeuralDiffuser",
                    priors={"prior": needs(Trait.DENOISER, Trait.CONDITIONAL, Trait.DIFFERENTIABLE)},
                    offers=frozenset({Trait.OPERATOR_FREE}), needs={"dataset": needs(Trait.NO_MEASUREMENT)}, source=STUDY)
    ]  # fmt: skip


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Pictures from simulated fMRI."""
    return [
        RecipeSpec(name="neuraldiffuser", summary="seen pictures from fMRI by latent diffusion with decoded vision features as guidance",
                   file="recipe.yaml", family=Family.LATENT, application="cross-multimodal", domain="latent", source=STUDY,
                   studies="mridiff_neuraldiffuser.studies:studies")
    ]  # fmt: skip
