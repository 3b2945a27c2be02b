"""A prior of planes on a volume or a series: the mean of its estimates over planes of several directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mridiff.interfaces import Field, Prior, Problem, Space, Streams

from .fold import Fold


class Planes(Prior):
    """x_t -> mean over directions d of `prior` on every plane of direction d; each names the axes of `space` that its planes keep.

    All three directions of a volume, or (t, y) and (t, x) of a series. No plane is independent of its neighbours then, as slices one by
    one are. The mean over all directions in every call, at their joint cost, and no random one: the estimate stays a function of x_t and
    t, which can be repeated and differentiated. It is exact where planes of every direction have the same denoiser; else an
    approximation. Sources, for two-dimensional priors of volumes: Lee et al., Improving 3D imaging with pre-trained perpendicular 2D
    diffusion models, ICCV 2023; of series: st-ddpm's mean over (x, t) and (y, t).
    """

    def __init__(self, prior: Prior, space: Space, directions: Sequence[tuple[str, ...]], chunk: int | None = None) -> None:
        super().__init__()
        self.folds = torch.nn.ModuleList(Fold(prior, space, keep, chunk) for keep in directions)
        self.prior, self.space = prior, space
        self.diffusion, self.scaling, self.codec = prior.diffusion, prior.scaling, prior.codec

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """Those of the prior, for the whole space."""
        return self.prior.conditions(problem)

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Estimate of x0, (sample, *space)."""
        return torch.stack([fold(x_t, t, conditions, rng) for fold in self.folds]).mean(0)
