"""neuraldiffuser: from a decoded latent to a picture, steered by a text throughout and by vision features in the first steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.errors import ConfigError, Mistake
from mridiff.interfaces import Field, Problem, Sampler, Step, Streams
from mridiff_sdk.diffusions import ddim, uniform
from mridiff_sdk.reverse import Reverse

from .prior import FeatureGuided


class NeuralDiffuser(Sampler):
    """x = alpha z + sigma eps at the start; then, from t to s, with x0(.) the prior's estimate:

    x0 = x0(x, t) + cfg (x0(x, t, c) - x0(x, t))
    x0 = x0 - kappa (sigma^2 / alpha) d/dx distance(image(x), g)        in the first `fraction` of the steps
    image(x) = Dec(m x0(x, t, c) + (1 - m) x),  m = sigma
    x = DDIM(x, x0, t, s)

    The second line is eps + sigma kappa d distance / dx in terms of x0: the gradient goes through decoder, vision tower and UNet. The last
    step's output "baseline" is Dec(z), the picture without diffusion. Source: Li et al., IEEE TIP 34, 2025, and its public code.
    """

    def __init__(self, prior: FeatureGuided, *,
                 steps: Annotated[int, Ge(1), Le(1000), "DDIM steps of the whole way; `strength` of them are gone"] = 30,
                 strength: Annotated[float, Gt(0), Le(1), "how far the decoded latent is noised: 1 = to nothing but noise"] = 0.4,
                 cfg: Annotated[float, Ge(0), "weight of the text: 0 = unheard, 1 = the conditional estimate, more = exaggerated"] = 1.0,
                 kappa: Annotated[float, Ge(0), "weight of the feature distance, 0 = unguided"] = 20.0,
                 fraction: Annotated[float, Ge(0), Le(1), "guided part of the steps that are gone, the first"] = 1.0,
                 paper_code_x0: Annotated[bool, "estimate the image with 1 - alpha^2 for sigma, as the public code does"] = False,
                 ) -> None:  # fmt: skip
        super().__init__()
        if not isinstance(prior, FeatureGuided):
            hint = "use feature-guided-ldm, or a prior derived from its class"
            raise ConfigError([Mistake("priors.prior", f"{type(prior).__name__} decodes no vision features to be guided by")], hint=hint)
        self.prior, self.steps, self.strength, self.cfg, self.kappa = prior, steps, strength, cfg, kappa
        self.fraction, self.paper_code_x0 = fraction, paper_code_x0

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """Two estimates a step, and one with its gradient in each guided step."""
        chain = Reverse(self.prior, problem, rng)
        gone = max(1, int(self.strength * self.steps))
        times: list[float] = uniform(chain.diffusion, self.steps)[self.steps - gone :].tolist()
        guided = int(self.fraction * gone) if self.kappa else 0
        z = chain.conditions["latent"].data
        x = chain.degraded(z, times[0])
        for i, (t, s) in enumerate(pairwise(times)):
            free = self.prior(x, t)
            x0 = free + self.cfg * (chain.u0(x, t) - free)
            if i < guided:
                x0 = x0 - self.kappa * float(chain.diffusion.sigma(t)) * chain.ratio(t) * self.gradient(x, t, chain.conditions)
            x = chain.step(x, x0, t, s, ddim)
            outputs = {"baseline": Field(chain.decode(z), ("channel", "y", "x"))} if i == gone - 1 else {}
            yield Step(i, gone, chain.decode(x0), t, x=x, outputs=outputs)

    def gradient(self, x: Tensor, t: float, conditions: Mapping[str, Field]) -> Tensor:
        """d distance / dx, (sample, *latent)."""
        with torch.enable_grad():
            z = x.detach().requires_grad_()
            return torch.autograd.grad(self.distance(z, t, conditions).sum(), z)[0]

    def distance(self, x: Tensor, t: float, conditions: Mapping[str, Field]) -> Tensor:
        """How far the image that is expected at x is from the decoded features, (sample,)."""
        alpha, sigma = float(self.prior.diffusion.alpha(t)), float(self.prior.diffusion.sigma(t))
        x0 = self.prior(x, t, conditions)
        if self.paper_code_x0:
            x0 = (x - sigma * (x - alpha * x0)) / alpha
        return self.prior.distance(self.prior.codec.decode(sigma * x0 + (1 - sigma) * x), conditions)
