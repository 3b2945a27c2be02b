"""Uncertainty: what samples of a posterior are worth beside a truth, and intervals from them."""

from .columns import UNCERTAINTY
from .coverage import coverage, least, width
from .crps import crps
from .ranks import rank_histogram
from .spread import sharpness, spread_error_correlation, spread_over_error

__all__ = ["UNCERTAINTY", "coverage", "crps", "least", "rank_histogram", "sharpness", "spread_error_correlation", "spread_over_error",
           "width"]  # fmt: skip
