"""frsgm: ADMM whose prior is a score and a denoiser in turn, and whose data step may know how far the model of the coils is off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import sqrt
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import reach
from mridiff_sdk.reverse import Calls, Reverse, begin, denoisers, falling

from .self_consistency import SelfConsistency


class FRSGM(Sampler):
    """v = D(z + sigma^2 s(z + n, sigma), t);  x = argmin |A x - y|^2 / sigma_y^2 + weight |x - (v - u)|^2 / sigma^2;  u = u + x - v.

    z = x + u and sigma^2 s(z + n) = D(z + n, sigma) - z - n, n ~ N(0, sigma^2): the score step takes the denoised image and leaves -n,
    which the denoiser removes at the level t = `level` rms(v - z) that is found there. Each iteration has two calls of one network, each
    of another mirror image, at a falling sigma; u is rescaled with the penalty. The fixed point hangs on no noise, and two seeds end
    close to each other. `reach` > 0: A and sigma_y are those of `SelfConsistency`, adapted to the scan from x before every data step.
    Source: Hou, Li, Zeng, Fast and reliable score-based generative model for parallel MRI, IEEE TNNLS 36, 2025. Deviations: one network
    for both denoisers; a data step that is matched to the noise; what self-consistency is (see its class).
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "iterations, two calls of the prior each"] = 20,
                 sigma_max: Annotated[float, Gt(0), "noise level of the first iteration, in units of the prior's images"] = 0.5,
                 sigma_min: Annotated[float, Gt(0), "noise level of the last one"] = 0.02,
                 stages: Annotated[Literal["both", "score", "denoiser"], "what an iteration asks of the prior"] = "both",
                 level: Annotated[float, Gt(0), "noise level of the denoiser, over what the score step changed"] = 1.15,
                 weight: Annotated[float, Gt(0), "weight of the denoised image against the data; 1: by their noise levels"] = 0.35,
                 reach: Annotated[int, Ge(0), "how far the adapted kernels of k-space reach, in samples; 0: no self-consistency"] = 0,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of a data step at most"] = 8,
                 start: Annotated[Literal["adjoint", "estimate"], "what it begins with"] = "estimate",
                 calls: Calls = 0) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.sigma_max, self.sigma_min = prior, steps, sigma_max, sigma_min
        self.stages, self.level, self.weight, self.reach, self.iterations = stages, level, weight, reach, iterations
        self.start, self.calls = start, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per iteration."""
        chain = Reverse(self.prior, problem, rng)
        sigmas, D = falling(chain, self.steps, self.sigma_max, self.sigma_min), denoisers(chain)
        begun = begin(chain, self.start, sigmas[0], 0.0, sigmas[0], self.calls).u
        assert begun is not None
        x = chain.decode(begun)
        x = x.expand(len(rng), *x.shape[1:])
        u = torch.zeros_like(x)
        consistency = SelfConsistency.of(problem, x, self.reach) if self.reach else None
        for i, sigma in enumerate(sigmas):
            u = u * (sigma / sigmas[max(i - 1, 0)]) ** 2
            v = self.denoised(chain, D, x + u, sigma)
            seen = problem if consistency is None else consistency(problem, x)
            w = v - u
            x = proximal(seen, w, sigma / sqrt(self.weight), iterations=self.iterations)
            u = x - w
            yield Step(i, self.steps, x, sigma)

    def denoised(self, chain: Reverse, D: Iterator[Callable[[Tensor, float | Tensor], Tensor]], z: Tensor, sigma: float) -> Tensor:
        """The image z (sample, *domain) after the score step and the denoiser, or after one of them."""
        if self.stages == "denoiser":
            return next(D)(z, sigma)
        n = sigma * chain.rng.normal_like(z)
        v = next(D)(z + n, sigma) - n
        if self.stages == "score":
            return v
        changed = (v - z).abs().square().flatten(1).mean(1).sqrt()
        return next(D)(v, (self.level * changed).clamp(*reach(chain.diffusion)))
