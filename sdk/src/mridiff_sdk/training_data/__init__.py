"""Training data: heads and hearts with a clear licence, cut into slices and varied far beyond the few people they come from."""

from .anatomy import HELD_OUT_HEARTS, SOURCES
from .pool import PARTS, PoolConfig, pool_files
from .source import PoolSource
from .volume import load_volume
from .whole import WholeSlices, WholeSource, coarse

__all__ = ["HELD_OUT_HEARTS", "PARTS", "SOURCES", "PoolConfig", "PoolSource", "WholeSlices", "WholeSource", "coarse", "load_volume",
           "pool_files"]  # fmt: skip
