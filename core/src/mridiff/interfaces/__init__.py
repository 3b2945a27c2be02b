"""The interfaces: what a scan, an operator, a diffusion, a prior, a sampler and a dataset are."""

from .algebra import Composition, Multiply
from .codec import Codec, Identity
from .dataset import Contents, Dataset, reader_of
from .diffusion import Diffusion, spread
from .noise import Blocks, Gaussian, Noise, Poisson
from .objective import Objective
from .operator import LinearOperator, Nuisance, Operator, ParametricOperator, single
from .prior import Prior, Scaling
from .problem import Problem
from .sampler import Sampler, Step
from .scan import Field, Geometry, Measured, Scan
from .space import Space
from .streams import Streams

__all__ = ["Blocks", "Codec", "Composition", "Contents", "Dataset", "Diffusion", "Field", "Gaussian", "Geometry", "Identity",
           "LinearOperator", "Measured", "Multiply", "Noise", "Nuisance", "Objective", "Operator", "ParametricOperator", "Poisson", "Prior",
           "Problem", "Sampler", "Scaling", "Scan", "Space", "Step", "Streams", "reader_of", "single", "spread"]  # fmt: skip
