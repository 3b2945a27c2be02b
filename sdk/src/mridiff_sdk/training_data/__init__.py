"""Training data: heads and hearts with a clear licence, cut into slices and varied far beyond the few people they come from."""

from .anatomy import HELD_OUT_HEARTS, SOURCES, Source
from .augment import shading
from .labels import LabelMap, load_map
from .pool import PARTS, PoolConfig, hashed, pool_files
from .slices import smooth_field
from .source import PoolSource
from .volume import load_volume, read
from .whole import WholeSlices, WholeSource, coarse

__all__ = ["HELD_OUT_HEARTS", "PARTS", "SOURCES", "LabelMap", "PoolConfig", "PoolSource", "Source", "WholeSlices", "WholeSource", "coarse",
           "hashed", "load_map", "load_volume", "pool_files", "read", "shading", "smooth_field"]  # fmt: skip
