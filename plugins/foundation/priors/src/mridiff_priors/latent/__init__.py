"""Latent diffusion of pictures: autoencoder, text encoder, UNet and vision tower, loaded by diffusers and transformers."""
