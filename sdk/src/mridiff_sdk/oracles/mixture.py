"""A prior with several modes whose denoiser and posterior are known in closed form: a mixture of Gaussians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mridiff.interfaces import Codec, Diffusion, Field, Identity, Prior, Problem, Scaling, Streams, spread

from ..consistency.spaces import in_prior_space
from .covariance import Covariance
from .gaussian import denoise, draw
from .posterior import Measurement, gaussian_posterior


class GaussianMixturePrior(Prior):
    """x0 ~ sum of weights[k] N(means[k], covariances[k]), all over one space; the diffusion must be Gaussian with white noise."""

    def __init__(self, weights: Tensor, means: Tensor, covariances: Sequence[Covariance], diffusion: Diffusion,
                 codec: Codec | None = None) -> None:  # fmt: skip
        super().__init__()
        if not len(weights) == len(means) == len(covariances) or not bool((weights > 0).all()):
            raise ValueError(f"a mixture needs one positive weight, mean and covariance per component; got {len(weights)}, {len(means)}, "
                             f"{len(covariances)}")  # fmt: skip
        self.covariances, self.diffusion, self.space = tuple(covariances), diffusion, covariances[0].space
        self.scaling = Scaling("fixed", 1.0)
        self.codec = codec or Identity()
        self.weights: Tensor
        self.means: Tensor
        self.register_buffer("weights", weights / weights.sum())
        self.register_buffer("means", means)

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """E[x0 | x_t], (sample, *space): each component's denoiser by its probability given x_t."""
        alpha, sigma = self.diffusion.alpha(t), self.diffusion.sigma(t)
        share = self.responsibilities(x_t, t).to(x_t.real.dtype)
        parts = [denoise(mean, C, x_t, alpha, sigma) for mean, C in zip(self.means, self.covariances, strict=True)]
        return torch.stack([spread(share[:, k], x_t) * part for k, part in enumerate(parts)]).sum(0)

    def responsibilities(self, x_t: Tensor, t: float | Tensor) -> Tensor:
        """The probability of each component given x_t, (sample, component), in double precision."""
        x = x_t.to(self.space.dtype(torch.float64))
        a, s = spread(self.diffusion.alpha(t), x), spread(self.diffusion.sigma(t), x)
        own = 1.0 if self.space.complex else 0.5
        logs = []
        for mean, C in zip(self.means, self.covariances, strict=True):
            v = a**2 * C.values + s**2
            z = C.to_basis(x - a * mean)
            logs.append(-own * (z.abs().square() / v + v.log()).flatten(1).sum(1))
        return torch.softmax(torch.stack(logs, dim=1) + self.weights.double().log(), dim=1)

    def draw(self, rng: Streams) -> Tensor:
        """Samples of the prior, (len(rng), *space)."""
        u = rng.uniform((), torch.float64)
        chosen = torch.searchsorted(self.weights.double().cumsum(0), u).clamp(max=len(self.weights) - 1)
        parts = [draw(m[None], C, rng.child(f"component{k}")) for k, (m, C) in enumerate(zip(self.means, self.covariances, strict=True))]
        return torch.stack(parts)[chosen, torch.arange(len(rng))]

    def posterior(self, problem: Problem) -> tuple[Tensor, Tensor, Tensor]:
        """Weights (k,), means (k, *space) and covariances (k, n, n) of x0 given the measurement, in the prior's space and double precision.

        Again a mixture: each component's posterior, weighted by how well it explains y. Raises as `Measurement.of`.
        """
        m = Measurement.of(in_prior_space(problem, self.codec))
        rows = [gaussian_posterior(mean.flatten().to(m.A.dtype), C, m) for mean, C in zip(self.means, self.covariances, strict=True)]
        logs = torch.stack([row[2] for row in rows]) + self.weights.double().log()
        means = torch.stack([row[0] for row in rows]).reshape(len(rows), *self.space.shape)
        return torch.softmax(logs, dim=0), means, torch.stack([row[1] for row in rows])
