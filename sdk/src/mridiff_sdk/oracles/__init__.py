"""Priors in closed form: what every sampler is compared with."""

from .covariance import Covariance
from .gaussian import GaussianPrior
from .mixture import GaussianMixturePrior
from .posterior import gaussian_posterior
from .restorer import RestorerOracle

__all__ = ["Covariance", "GaussianMixturePrior", "GaussianPrior", "RestorerOracle", "gaussian_posterior"]
