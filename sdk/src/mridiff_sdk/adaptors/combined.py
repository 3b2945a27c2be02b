"""A prior of one image on the images of several coils, through their maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Field, Prior, Problem, Streams

MAPS = "sensitivity_maps"


class Combined(Prior):
    """x_c -> S_c R(sum_c conj(S_c) x_c), for coil images (sample, coil, y, x) and the coil maps S of the scan.

    One call for all coils, and no more than the maps allow: what it answers is an image seen by these coils. For a degradation of
    coil images (masks on their k-space), whose combination R is shown; other diffusions mean something else in the two spaces.
    """

    def __init__(self, prior: Prior) -> None:
        super().__init__()
        if prior.space.axes != ("y", "x"):
            raise ValueError(f"Combined is for a prior of images (y, x); this one speaks of {prior.space}")
        self.prior, self.diffusion, self.scaling = prior, prior.diffusion, prior.scaling
        self.space = replace(prior.space, axes=("coil", *prior.space.axes), sizes=(None, *prior.space.sizes))

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """Those of the prior, and the coil maps; raises DataError where the scan has none."""
        if MAPS not in problem.acquisition:
            raise DataError("coil images can be combined with coil maps alone, and the scan has none",
                            hint="Use a scan with coil maps, or restore every coil by itself.")  # fmt: skip
        return self.prior.conditions(problem) | {MAPS: problem.acquisition[MAPS]}

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """Estimate of the coil images, (sample, coil, y, x); raises KeyError without the maps among the conditions."""
        S = (conditions or {})[MAPS].data.to(x_t.dtype)
        x0: Tensor = self.prior((S.conj() * x_t).sum(1), t, conditions, rng)
        return S * x0[:, None]
