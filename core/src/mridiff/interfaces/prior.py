"""Prior: what is known of x before measuring; given x_t and t it estimates x0."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from .codec import Codec, Identity
from .diffusion import Diffusion, spread
from .problem import Problem
from .scan import Field
from .space import Space
from .streams import Streams

Statistic = Literal["max-adjoint", "p99-adjoint", "fixed"]


@dataclass(frozen=True)
class Scaling:
    """The scale of the images that a prior was trained on.

    The pipeline divides the unknown by c, such that `statistic` of the measurement equals `value` afterwards: the maximum or the
    99th percentile of |A^H y|, or "fixed": c = 1 / value whatever was measured (physical units, ppm). Never a statistic of a truth.
    """

    statistic: Statistic = "p99-adjoint"
    value: float = 1.0


class Prior(nn.Module, ABC):
    """Estimates x0 from x_t in its own space; `codec` leads there from the operator's domain."""

    space: Space
    diffusion: Diffusion
    scaling: Scaling = Scaling()
    codec: Codec

    def __init__(self) -> None:
        super().__init__()
        self.codec = Identity()

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """What the network reads beside x_t, computed once per problem (zero-filled image, encoder features, voxel embedding)."""
        return {}

    @abstractmethod
    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Estimate of x0 from x_t (sample, *space) at time t, a number or (sample,); E[x0 | x_t] for a denoiser, a draw for a generator."""

    def denoise(self, x: Tensor, sigma: float | Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """E[x0 | x] for x = x0 + sigma n, whatever ladder the network was trained on."""
        t = self.diffusion.time(torch.as_tensor(sigma))
        x0: Tensor = self(self.diffusion.mean(x, t), t, conditions)
        return x0

    def score(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None) -> Tensor:
        """(E[H_t x0] - x_t) / sigma_t^2, by Tweedie's formula in the convention E|n|^2 = 1."""
        x0 = self(x_t, t, conditions)
        return (self.diffusion.mean(x0, t) - x_t) / spread(self.diffusion.sigma(t), x_t) ** 2
