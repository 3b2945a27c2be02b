"""Objective: the noise in a noisy slice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from mridiff.interfaces import Objective, Streams, spread
from mridiff_sdk.diffusions import VP, NoiseSource

from .net import LEVELS


class NoiseObjective(Objective):
    """Mean of |eps(x_t, t) - n|^2 with x_t = alpha (x0 - 1) + sigma n, n from `source`, t even over the first `furthest` of the chain.

    The batch needs "x" (sample, y, x) from 0 to 2. Source: Wyatt et al., CVPR workshops 2022 (AnoDDPM), which goes as far as 0.8.
    """

    sees = "truth"

    def __init__(self, source: NoiseSource, furthest: float) -> None:
        super().__init__()
        self.diffusion, self.source, self.furthest = VP(levels=LEVELS), source, furthest

    def losses(self, model: nn.Module, batch: Mapping[str, Tensor], rng: Streams) -> Iterator[tuple[str, Tensor]]:
        """One loss, "noise"."""
        x = batch["x"] - 1
        # one time in each of as many strata as there are samples: less noise in the gradient than with free draws
        share = batch["place"] + rng.uniform((), device=x.device) * batch["stride"]
        step = (share * self.furthest * LEVELS).long()
        n, t = self.source(x, rng), (step + 1) / LEVELS
        x_t = spread(self.diffusion.alpha(t), x) * x + spread(self.diffusion.sigma(t), x) * n
        yield "noise", (model(x_t[:, None], step)[:, 0] - n).square().mean()
