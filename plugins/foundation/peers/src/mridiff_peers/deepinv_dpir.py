"""deepinv's DPIR."""

from __future__ import annotations

from collections.abc import Iterator

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams

from .deepinv_dps import Bound

__all__ = ["DeepinvDPIR"]


class DeepinvDPIR(Sampler):
    """deepinv.optim.DPIR: half-quadratic splitting with the prior as plug-and-play denoiser, in its eight iterations; one estimate.

    Sources: Tachella et al., DeepInverse, JOSS 10, 2025; Zhang et al., Plug-and-play image restoration with deep denoiser prior, 2021.
    """

    def __init__(self, prior: Prior, *, bound: Bound = 1.0) -> None:
        super().__init__()
        self.prior, self.bound = prior, bound

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step: the estimate."""
        from deepinv.optim import DPIR

        from .deepinv_bridge import Bridge

        bridge = Bridge(self.prior, problem, Streams.of(0, "dpir"), self.bound)  # one estimate, whatever the seed
        x = bridge.image(DPIR(sigma=bridge.sigma, denoiser=bridge.denoiser)(bridge.y, bridge.physics))
        yield Step(0, 1, x.expand(len(rng), *x.shape[1:]))
