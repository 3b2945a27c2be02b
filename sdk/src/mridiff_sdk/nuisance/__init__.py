"""Estimating the unknowns of an acquisition beside the image."""

from .poses import Tangent, jointly, settled
from .steps import Adam, gradient, langevin, least_squares

__all__ = ["Adam", "Tangent", "gradient", "jointly", "langevin", "least_squares", "settled"]
