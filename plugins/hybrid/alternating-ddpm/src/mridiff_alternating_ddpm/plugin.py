"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, PriorSpec, RecipeSpec, SamplerSpec, Trait, Weights, needs

DDS = Citation("Decomposed diffusion sampler for accelerating large-scale inverse problems", 2024, "10.48550/arXiv.2303.05754")
DD_UGM = Citation("Universal generative modeling in dual domains for dynamic MRI", 2023, "10.1002/nbm.5011")
WEIGHTS = {
    "brain": Weights("weights/brain.safetensors", "fe5bd97c28a761386862064198bff759102ad7b90e0e90699b112114b2ab0813", "Apache-2.0"),
    "convolutions": Weights(
        "weights/convolutions.safetensors", "0c278cb188d5f28a7d49d6f612784c58e4d269ccd15c3658b4c511f3c518a588", "Apache-2.0"
    ),
}
"""The weights that come with this package, by the name under which the prior takes them."""


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """A denoiser of k-space."""
    return [
        PriorSpec(
            name="kspace-denoiser",
            summary="denoising network that works on the k-space of complex brain images, at any noise level",
            target="mridiff_alternating_ddpm.prior:KSpaceDenoiser",
            axes=("y", "x"),
            offers=frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC}),
            source=DD_UGM,
            weights=tuple(WEIGHTS.values()),
            training="mridiff_alternating_ddpm.train:training",
        )
    ]


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """Two priors on one ladder."""
    demand = needs(Trait.DENOISER, Trait.UNITARY_CODEC)
    return [
        SamplerSpec(
            name="alternating-ddpm",
            summary="image and k-space denoised together or in turn, conjugate gradients on the data between",
            target="mridiff_alternating_ddpm.sampler:AlternatingDDPM",
            priors={"image": demand, "kspace": demand},
            offers=frozenset({Trait.NO_BACKWARD}),
            needs={"operator": needs(Trait.LINEAR), "dataset": needs(Trait.GAUSSIAN_NOISE)},
            source=DDS,
        )
    ]


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Multi-coil Cartesian MRI."""
    return [
        RecipeSpec(name="alternating-ddpm", summary="a fast reconstructor that denoises the image and its k-space", file="recipe.yaml",
                   family=Family.HYBRID, application="accelerated", domain="hybrid", source=DDS,
                   studies="mridiff_alternating_ddpm.studies:studies")
    ]  # fmt: skip
