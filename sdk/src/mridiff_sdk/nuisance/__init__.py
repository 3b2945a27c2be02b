"""Estimating the unknowns of an acquisition beside the image."""

from .steps import Adam, gradient, langevin, least_squares

__all__ = ["Adam", "gradient", "langevin", "least_squares"]
