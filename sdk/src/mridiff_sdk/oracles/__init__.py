"""Priors in closed form: what every sampler is compared with."""

from .covariance import Covariance
from .gaussian import GaussianPrior
from .mixture import GaussianMixturePrior
from .restorer import RestorerOracle

__all__ = ["Covariance", "GaussianMixturePrior", "GaussianPrior", "RestorerOracle"]
