"""A prior on more than it was trained for; chosen by axis name."""

from .combined import Combined
from .fold import Fold
from .reim import ReIm
from .tile import Tile

__all__ = ["Combined", "Fold", "ReIm", "Tile"]
