"""Efficient diffusion posterior sampling for MRI: the likelihood acts on the estimate of x0, never through the network."""
