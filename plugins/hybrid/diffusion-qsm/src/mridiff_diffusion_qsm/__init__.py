"""Diffusion-QSM: dipole inversion with a 3-D diffusion prior, and time travel near its end."""
