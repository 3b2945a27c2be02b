"""A prior on more than it was trained for; chosen by axis name."""

from .adapt import adapt
from .combined import Combined
from .fold import Fold
from .peers import FromLinop, FromPhysics, FromTuples, FromUnet
from .reim import ReIm
from .tile import Tile

__all__ = ["Combined", "Fold", "FromLinop", "FromPhysics", "FromTuples", "FromUnet", "ReIm", "Tile", "adapt"]
