"""What this package offers: super-resolution (PRDDiff). What its review says of the study, x-t priors of cine, is the package `ddimo`."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, DatasetSpec, Family, PriorSpec, RecipeSpec, SamplerSpec, Trait, Weights, needs

STUDY = Citation("Diffusion-based arbitrary-scale magnetic resonance image super-resolution via progressive k-space reconstruction and "
                 "denoising", 2025, "10.1016/j.media.2025.103814")  # fmt: skip
WEIGHTS = {
    "brain": Weights("weights/brain.safetensors", "f4056cc3217185737da4cb637588ac7ee6b90ff13a112a10de76ea2ac4f619ef", "Apache-2.0"),
}
"""The weights that come with this package, by the name under which the prior takes them."""


@hookimpl
def mridiff_datasets() -> Iterable[DatasetSpec]:
    """Scans at a low resolution."""
    return [
        DatasetSpec(
            name="low-resolution",
            summary="the middle of the k-space of the embedded head, or of held-out ones",
            target="mridiff_kspace_sr_ddimo.dataset:LowResolution",
            offers=frozenset({Trait.REFERENCE, Trait.GAUSSIAN_NOISE}),
        )
    ]


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """The network."""
    return [
        PriorSpec(
            name="arrnet",
            summary="Gives brain images of any resolution from one that is lower, told of both",
            target="mridiff_kspace_sr_ddimo.prior:ResolutionPrior",
            axes=("y", "x"),
            offers=frozenset({Trait.RESTORER, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC}),
            source=STUDY,
            weights=tuple(WEIGHTS.values()),
            training="mridiff_kspace_sr_ddimo.train:training",
        )
    ]


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """The chain."""
    return [
        SamplerSpec(
            name="kspace-sr-ddimo",
            summary="k-space grows ring by ring from its measured middle to any size, and is denoised on the way",
            target="mridiff_kspace_sr_ddimo.sampler:PRDDiff",
            priors={"prior": needs(Trait.RESTORER, Trait.UNITARY_CODEC)},
            offers=frozenset({Trait.NO_BACKWARD, Trait.KEEPS_DATA}),
            needs={"operator": needs(Trait.LINEAR, Trait.COISOMETRIC)},
            source=STUDY,
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Super-resolution of one channel."""
    return [
        RecipeSpec(name="kspace-sr-ddimo",
                   summary="super-resolution to any size, k-space added ring by ring (PRDDiff; for dDiMo see ddimo)",
                   file="recipe.yaml", family=Family.HYBRID, application="super-resolution", domain="hybrid", source=STUDY,
                   studies="mridiff_kspace_sr_ddimo.studies:studies")
    ]  # fmt: skip
