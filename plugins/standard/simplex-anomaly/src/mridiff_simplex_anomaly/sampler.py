"""simplex-anomaly: a slice is noised part of the way, and one call of a network of healthy brains takes all of the noise away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Gt, Le

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import replacement
from mridiff_sdk.reverse import Reverse

from .evidence import LESION, Side, clipped, evidence

Level = Annotated[float, Gt(0), Le(1), "how far the slice is noised, as a part of the chain"]
Threshold = Annotated[float, Gt(0), "squared difference, on a scale from 0 to 2, from which on a place belongs to the lesion"]


class SimplexOneStep(Sampler):
    """x_t = alpha x + sigma n, n simplex noise;  x0 = clip((x_t - sigma eps(x_t, t)) / alpha);  e = (x - x0)^2;  lesion: e > threshold.

    x is the first look at the scan, x0 what it would be without a lesion. The output "lesion" is e over the threshold. With `draws` more
    than one, x0 is a mean over as many draws of n. `keep_data` puts what was measured back into x0, the accelerated reading of the review.
    Source: Damudi and Kini, Int. J. Biomed. Imaging 2024, 2352602, on Wyatt et al., AnoDDPM, CVPR workshops 2022.
    """

    def __init__(self, prior: Prior, *, level: Level = 0.1,
                 draws: Annotated[int, Ge(1), "draws of noise, one call of the network each"] = 1,
                 threshold: Threshold = 0.15, side: Side = "both",
                 keep_data: Annotated[bool, "whether what was measured is kept in the result"] = False) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.level, self.draws, self.threshold, self.side, self.keep_data = prior, level, draws, threshold, side, keep_data

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per draw."""
        chain = Reverse(self.prior, problem, rng)
        x = problem.linear.rough(problem.y).expand(len(rng), *problem.space.shape)
        total = x.new_zeros(x.shape)
        for i in range(self.draws):
            total = total + clipped(chain.x0(chain.noised(x, self.level), self.level))
            x0 = total / (i + 1)
            outputs = {LESION: evidence(x, x0, self.threshold, self.side)}
            yield Step(i, self.draws, replacement(problem, x0) if self.keep_data else x0, self.level, outputs=outputs)
