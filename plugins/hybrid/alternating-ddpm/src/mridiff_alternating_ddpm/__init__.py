"""Alternating DDPM: denoising in the image and in k-space, with the data between, on one ladder of noise levels."""
