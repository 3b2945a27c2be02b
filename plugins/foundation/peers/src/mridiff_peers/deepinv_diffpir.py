"""deepinv's DiffPIR."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import torch
from annotated_types import Ge, Gt, Le
from torch.overrides import TorchFunctionMode

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams

from .deepinv_dps import Bound

__all__ = ["DeepinvDiffPIR"]


class DeepinvDiffPIR(Sampler):
    """deepinv.sampling.DiffPIR: one call of the prior and one proximal data step, by conjugate gradients, per level of noise.

    Its chain begins at the adjoint, and clips its estimates to between 0 and 1. Noise comes from the streams of the samples.
    Sources: Tachella et al., DeepInverse, JOSS 10, 2025; Zhu et al., Denoising diffusion models for plug-and-play restoration, 2023.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 50,
                 weight: Annotated[float, Gt(0), "lambda: of the denoised image against the data"] = 7.0,
                 zeta: Annotated[float, Ge(0), Le(1), "share of the noise that is drawn anew"] = 1.0,
                 bound: Bound = 1.5) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.weight, self.zeta, self.bound = prior, steps, weight, zeta, bound

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step: what the chains return."""
        from deepinv.optim.data_fidelity import L2
        from deepinv.sampling import DiffPIR

        from .deepinv_bridge import Bridge

        bridge = Bridge(self.prior, problem, rng, self.bound)
        model = DiffPIR(bridge.denoiser, L2(), sigma=bridge.sigma, max_iter=self.steps, zeta=self.zeta, lambda_=self.weight)
        with _Drawn(rng):
            u = model(bridge.y, bridge.physics)
        yield Step(0, 1, bridge.image(u))


class _Drawn(TorchFunctionMode):
    """Inside, `torch.randn_like` draws from one stream per sample instead of the global generator."""

    def __init__(self, rng: Streams) -> None:
        super().__init__()
        self.rng = rng

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.randn_like:
            return self.rng.normal(args[0].shape[1:], args[0].dtype, args[0].device)
        return func(*args, **(kwargs or {}))
