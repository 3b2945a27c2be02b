"""Declares the reference priors."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, PriorSpec, Trait, Weights

EDM = Citation("Elucidating the design space of diffusion-based generative models", 2022)
DDPM = Citation("Denoising diffusion probabilistic models", 2020)
LDM = Citation("High-resolution image synthesis with latent diffusion models", 2022)
SCORE = Citation("Score-based generative modeling through stochastic differential equations", 2021)
HASHES = {
    "brain": "c26138415a9fe0294df9e7bd2e27e65a05bd119ed7930a6bd9e5b4a665ca0604",
    "brain-small": "9a693bc6d9f1639f080a3c7e2719b5bff8e1d4049fc7ecc3dc9676f2ab516c22",
    "heart": "a488a2a129b990308587717e297faa621cc6fd1d63f67f7371af210f9a3b238c",
}
WEIGHTS = {name: Weights(f"weights/{name}.safetensors", sha256, "Apache-2.0") for name, sha256 in HASHES.items()}
"""The weights that come with this package, by the name under which the denoiser takes them."""
LATENT = {"tiny": Weights("weights/tiny.safetensors", "13298631f18b96feb2eba21284223f04d5e02c217ffc6840e4adb1341a01df48", "Apache-2.0")}
"""The same for the networks of the latent prior, packed from their folder."""


def public(name: str, target: str, summary: str, channels: int, source: Citation) -> PriorSpec:
    """A prior from a checkpoint that its user brings."""
    offers = frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC})
    place = f"mridiff_priors.{target}"
    return PriorSpec(name=name, summary=summary, target=place, axes=("y", "x"), complex=channels == 2, offers=offers, source=source)


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """A denoiser of complex brain images, and networks that others have trained."""
    yield PriorSpec(
        name="denoiser",
        summary="Denoising network for complex brain images of any size and noise level, on a VE ladder",
        target="mridiff_priors.denoiser:Denoiser",
        axes=("y", "x"),
        offers=frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC}),
        source=EDM,
        weights=tuple(WEIGHTS.values()),
        training="mridiff_priors.train:training",
    )
    unet, public_net = "UNet2DModel of the diffusers library, from its folder", "Public EDM or NCSN++ network from `mridiff convert`"
    yield public("diffusers", "diffusers:Diffusers", f"{unet}: real and imaginary part", 2, DDPM)
    yield public("diffusers-real", "diffusers:DiffusersReal", f"{unet}: one channel, magnitudes", 1, DDPM)
    yield public("converted", "converted:Converted", f"{public_net}: real and imaginary part", 2, EDM)
    yield public("converted-real", "converted:ConvertedReal", f"{public_net}: one channel, magnitudes", 1, SCORE)
    yield PriorSpec(
        name="latent-diffusion",
        summary="Latent diffusion of pictures, with or without a text, from a local Hugging Face folder",
        target="mridiff_priors.latent.prior:LatentDiffusion",
        axes=("channel", "y", "x"),
        complex=False,
        offers=frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE}),
        source=LDM,
        weights=tuple(LATENT.values()),
        training="mridiff_priors.latent.train:training",
    )
