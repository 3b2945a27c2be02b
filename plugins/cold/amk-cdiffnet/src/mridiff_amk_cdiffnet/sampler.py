"""amk-cdiffnet: k-space fills up step by step with a running mean of what the restorer predicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Lt

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.reverse import cold_chain


class AMKCDiffNet(Sampler):
    """k0 = K(k_t, M_t, t);  k0' <- rho k0' + (1 - rho) k0;  k_s = k_t + (M_s - M_t) k0',  from the measured samples at t = 1 to t = 0.

    The masks and their times come with the prior. A low-confidence reading of Dong et al., Expert Systems with Applications 297, 2026,
    on the cold rule of Shen et al., Scientific Reports 14, 2024.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(1), "steps from the mask of the scan to all of k-space"] = 10,
                 rho: Annotated[float, Ge(0), Lt(1), "weight of earlier predictions in each, 0 for none"] = 0.3) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.rho = prior, steps, rho

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One call of the prior per step that brings something back."""
        yield from cold_chain(self.prior, problem, rng, self.steps, memory=self.rho)
