"""A prior whose denoiser and posterior are known in closed form: one Gaussian."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mridiff.interfaces import Codec, Diffusion, Field, Identity, Prior, Problem, Scaling, Streams, spread

from ..consistency.spaces import in_prior_space
from .covariance import Covariance
from .posterior import Measurement, gaussian_posterior


class GaussianPrior(Prior):
    """x0 ~ N(mean, C) in the space of C; the diffusion must be Gaussian with white noise.

    With C = U diag(v) U^H, E[x0 | x_t] = mean + U alpha v / (alpha^2 v + sigma^2) U^H (x_t - alpha mean): exact at every time.
    """

    def __init__(self, mean: Tensor, covariance: Covariance, diffusion: Diffusion, codec: Codec | None = None) -> None:
        super().__init__()
        self.covariance, self.diffusion, self.space = covariance, diffusion, covariance.space
        self.scaling = Scaling("fixed", 1.0)
        self.codec = codec or Identity()
        self.mean: Tensor
        self.register_buffer("mean", mean.expand(1, *self.space.shape))

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """E[x0 | x_t], (sample, *space)."""
        return denoise(self.mean, self.covariance, x_t, self.diffusion.alpha(t), self.diffusion.sigma(t))

    def draw(self, rng: Streams) -> Tensor:
        """Samples of the prior, (len(rng), *space), in the precision of the mean."""
        return draw(self.mean, self.covariance, rng)

    def posterior(self, problem: Problem) -> tuple[Tensor, Tensor]:
        """Mean (1, *space) and covariance (n, n) of x0 given the measurement, in the prior's space and double precision.

        Through a linear codec the measurement is taken there. Raises as `Measurement.of`.
        """
        m = Measurement.of(in_prior_space(problem, self.codec))
        mean, C, _ = gaussian_posterior(self.mean.flatten().to(m.A.dtype), self.covariance, m)
        return mean.reshape(1, *self.space.shape), C


def denoise(mean: Tensor, covariance: Covariance, x_t: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
    """E[x0 | x_t] for one Gaussian, (sample, *space)."""
    v = covariance.values.to(x_t.device, x_t.real.dtype)
    a, s = spread(alpha, x_t), spread(sigma, x_t)
    total = a**2 * v + s**2
    gain = torch.where(total > 0, a * v / torch.where(total > 0, total, torch.ones_like(total)), torch.zeros_like(total))
    return mean + covariance.from_basis(gain * covariance.to_basis(x_t - a * mean))


def draw(mean: Tensor, covariance: Covariance, rng: Streams) -> Tensor:
    """Samples of one Gaussian, (len(rng), *space)."""
    v = covariance.values.to(mean.device, mean.real.dtype)
    # White noise is white in any unitary basis, so the Hermitian root colours it; that keeps real spaces real.
    return mean + covariance.from_basis(v.sqrt() * covariance.to_basis(rng.normal_like(mean)))
