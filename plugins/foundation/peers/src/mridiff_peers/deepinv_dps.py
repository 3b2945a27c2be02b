"""deepinv's diffusion posterior sampling."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, Literal

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams

__all__ = ["Bound", "DeepinvDPS"]

Bound = Annotated[float, Gt(0), "deepinv's 0 and 1 are real and imaginary parts of minus and plus this, in units of the prior's images"]


class DeepinvDPS(Sampler):
    """deepinv.sampling.DPS with its variance preserving SDE and its DDPM solver: one call of the prior per step, and its gradient.

    The residual's norm is differentiated (`guidance: norm`, the paper's) or the likelihood with the annealed variance sigma_y^2 + sigma_t^2
    (`annealed`). The chain begins at the highest noise level that the prior knows. Noise comes from the streams of the samples.
    Sources: Tachella et al., DeepInverse, JOSS 10, 2025; Chung et al., Diffusion posterior sampling, 2023, algorithm 1.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 100,
                 weight: Annotated[float, Gt(0), "of the guidance"] = 2.0,
                 guidance: Annotated[Literal["annealed", "norm"], "what is differentiated"] = "annealed",
                 bound: Bound = 1.5) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.weight, self.guidance, self.bound = prior, steps, weight, guidance, bound

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step of the solver each."""
        from deepinv.sampling import DPS

        from .deepinv_bridge import Bridge

        bridge = Bridge(self.prior, problem, rng, self.bound)
        model = DPS(bridge.denoiser, num_steps=self.steps + 1, weight=self.weight, guidance=self.guidance)
        solver, sde = drawing(model.solver, rng), model.sde
        times = torch.linspace(_start(sde, 2 * bridge.highest()), 0.0, self.steps + 1, dtype=torch.float64)
        state = sde.scale_t(times[0]) * sde.sigma_t(times[0]) * solver.randn_like(torch.empty(bridge.shape, dtype=torch.float64))
        for i, (t, s) in enumerate(pairwise(times)):
            state, _ = solver.step(model.posterior, t, s, state, y=bridge.y, physics=bridge.physics)
            state = state.detach()
            yield Step(i, self.steps, bridge.estimate if s else bridge.image((state + 1) / 2), float(t))


def drawing(solver: Any, rng: Streams) -> Any:
    """The solver, its noise drawn from one stream per sample."""

    def randn_like(like: Tensor, seed: int | None = None) -> Tensor:  # noqa: ARG001 - as the solver calls it
        return rng.normal(like.shape[1:], like.dtype, like.device)

    solver.randn_like = randn_like
    return solver


def _start(sde: Any, sigma: float) -> float:
    """The latest time whose noise level, in images from -1 to 1, is at most sigma."""
    times = torch.linspace(0, 1, 1001, dtype=torch.float64)
    return float(times[sum(float(sde.sigma_t(t)) <= sigma for t in times) - 1])
