"""Latent-k-space refinement diffusion model: accelerated MRI by a four-step diffusion of a code, and a decoder that reads the data."""
