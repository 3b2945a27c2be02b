"""Making an estimate agree with what was measured."""

from .blocks import separate
from .code import nearest_code
from .conjugate_gradients import conjugate_gradients
from .gradient import misfit_gradient, through_prior
from .information import information, noisy
from .krylov import function_of
from .low_rank import hankel_low_rank
from .proximal import proximal
from .replacement import replacement
from .spaces import in_domain, in_prior_space

__all__ = ["conjugate_gradients", "function_of", "hankel_low_rank", "in_domain", "in_prior_space", "information", "misfit_gradient",
           "nearest_code", "noisy", "proximal", "replacement", "separate", "through_prior"]  # fmt: skip
