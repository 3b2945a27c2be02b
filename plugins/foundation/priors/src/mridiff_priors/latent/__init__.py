"""Latent diffusion of pictures: autoencoder, text encoder, UNet and vision tower, loaded by diffusers and transformers."""

from ..plugin import LATENT
from .folder import unpacked
from .prior import LatentDiffusion, Vision, Weights_, load
from .stack import Stack

__all__ = ["LATENT", "LatentDiffusion", "Stack", "Vision", "Weights_", "load", "unpacked"]
