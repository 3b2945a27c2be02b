"""Rigid motion in the plane: the transform, random motions, shots, and what of a motion cannot be known."""

from .draws import KINDS, draw
from .gauge import centred, errors, without_gauge
from .registration import registered
from .rigid import Rigid
from .shots import ORDERS, shots_of

__all__ = ["KINDS", "ORDERS", "Rigid", "centred", "draw", "errors", "registered", "shots_of", "without_gauge"]
