"""Adversarial diffusion in a few steps: a conditional generator with a local transformer draws x0 in every step."""
