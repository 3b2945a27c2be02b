"""A prior on more than it was trained for; chosen by axis name."""

from .adapt import adapt
from .combined import Combined
from .fold import Fold
from .kspace import InKspace
from .magnitude import Magnitude
from .peers import FromLinop, FromPhysics, FromTuples, FromUnet
from .planes import Planes
from .reim import ReIm
from .tile import Tile

__all__ = ["Combined", "Fold", "FromLinop", "FromPhysics", "FromTuples", "FromUnet", "InKspace", "Magnitude", "Planes", "ReIm", "Tile",
           "adapt"]  # fmt: skip
