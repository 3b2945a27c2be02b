"""Declares the reference priors."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff.plugins.hookspecs import hookimpl
from mridiff.spec import Citation, PriorSpec, Trait, Weights

EDM = Citation("Elucidating the design space of diffusion-based generative models", 2022)
WEIGHTS = {
    "brain": Weights("weights/brain.safetensors", "c26138415a9fe0294df9e7bd2e27e65a05bd119ed7930a6bd9e5b4a665ca0604", "Apache-2.0"),
}
"""The weights that come with this package, by the name under which the denoiser takes them."""


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """A denoiser of complex brain images."""
    return [
        PriorSpec(
            name="denoiser",
            summary="Denoising network for complex brain images of any size and noise level, on a VE ladder",
            target="mridiff_priors.denoiser:Denoiser",
            axes=("y", "x"),
            offers=frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC}),
            source=EDM,
            weights=tuple(WEIGHTS.values()),
        )
    ]
