"""A prior on more than it was trained for; chosen by axis name."""

from .fold import Fold
from .reim import ReIm
from .tile import Tile

__all__ = ["Fold", "ReIm", "Tile"]
