"""Linear operators to build others from, one noun a file; they compose as on paper: `Mask(F.codomain, m) @ F @ Coils(maps)`."""

from .basis import SampledBasis
from .block import Block, slices
from .coils import Coils
from .crop import Crop, Pad
from .differences import FiniteDifferences
from .echo_planar import EchoPlanar
from .fourier import Fourier
from .linear import linear
from .local import Local
from .mask import Mask, check_mask, varying_axes
from .mixing import Mixing
from .nonuniform import NonUniformFourier
from .permutation import Permutation
from .radon import Radon
from .real_part import AsComplex, RealPart
from .resample import Resample
from .spectrum import largest
from .stack import Stack
from .sum_over_axis import SumOverAxis
from .time_segmented import TimeSegmented

__all__ = ["AsComplex", "Block", "Coils", "Crop", "EchoPlanar", "FiniteDifferences", "Fourier", "Local", "Mask", "Mixing",
           "NonUniformFourier", "Pad", "Permutation", "Radon", "RealPart", "Resample", "SampledBasis", "Stack", "SumOverAxis",
           "TimeSegmented", "check_mask", "largest", "linear", "slices", "varying_axes"]  # fmt: skip
