"""Rigid motion in the plane: the transform, random motions, shots, and what of a motion cannot be known."""

from .draws import KINDS, Kind, draw
from .gauge import centred, errors, without_gauge
from .registration import registered
from .rigid import Rigid
from .shots import ORDERS, Order, shots_of

__all__ = ["KINDS", "ORDERS", "Kind", "Order", "Rigid", "centred", "draw", "errors", "registered", "shots_of", "without_gauge"]
