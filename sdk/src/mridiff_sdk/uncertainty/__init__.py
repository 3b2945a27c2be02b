"""Uncertainty: what samples of a posterior are worth beside a truth, and intervals from them."""

from .calibration import Calibration, calibrate, intervals
from .columns import UNCERTAINTY
from .coverage import coverage, least, limits, width
from .crps import crps
from .misfit import misfit
from .null_space import null_space
from .output import write_intervals
from .precision import enough, precision
from .ranks import rank_histogram
from .spread import sharpness, spread_error_correlation, spread_over_error

__all__ = ["UNCERTAINTY", "Calibration", "calibrate", "coverage", "crps", "enough", "intervals", "least", "limits", "misfit",
           "null_space", "precision", "rank_histogram", "sharpness", "spread_error_correlation", "spread_over_error", "width",
           "write_intervals"]  # fmt: skip
