"""MCDiffusion: predictor and corrector on all modalities at once, with the fidelity of each in every step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.interfaces import Poisson, Prior, Problem, Sampler, Step, Streams, spread
from mridiff_sdk.consistency import proximal, separate
from mridiff_sdk.diffusions import corrector, geometric, norm, ve_ancestral
from mridiff_sdk.reverse import Reverse

from .counts import FLOOR, em_near
from .noise import shares

EVEN = 0.1
"""The activity everywhere from which EM begins, in units of the images."""


class MCDiffusion(Sampler):
    """X = sigma_max n;  per level: E[X_0 | X_t] by the prior of all modalities, moved towards the data of each; predict; correct.

    Predictor, from t to s: X <- X_0 + (s/t)^2 (X - X_0) + s sqrt(1 - (s/t)^2) n. Corrector at s: a Langevin step along (X_0 - X) / s^2, X_0
    estimated anew, as long as the signal-to-noise rule says. The last step gives X_0 itself.

    Fidelity "proximal": X_0 goes towards what is most likely under the data if the prior's estimate is off by t per number: by conjugate
    gradients; for counts by one EM step from the X_0 before, which keeps it positive and converges over the levels. "gradient": the score
    less the gradient of the misfit at X, at most `weight` times as long as the score of its modality. Source: Xie et al., Phys. Med. Biol.
    69, 2024.
    """

    def __init__(self, prior: Prior, *,
                 steps: Annotated[int, Ge(1), "noise levels"] = 40,
                 sigma_max: Annotated[float, Gt(0), "first noise level, in units of the images"] = 10.0,
                 sigma_min: Annotated[float, Gt(0), "last noise level, in units of the images"] = 0.01,
                 snr: Annotated[float, Ge(0), "signal-to-noise ratio of the corrector; 0 leaves it out"] = 0.15,
                 fidelity: Annotated[Literal["proximal", "gradient"], "how an estimate is moved towards the data"] = "proximal",
                 inner: Annotated[int, Ge(1), "proximal: conjugate gradients per estimate of a modality with Gaussian noise"] = 8,
                 weight: Annotated[float, Gt(0), "gradient: length at most, over that of the score"] = 3.0) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.sigma_max, self.sigma_min, self.snr = prior, steps, sigma_max, sigma_min, snr
        self.fidelity, self.inner, self.weight = fidelity, inner, weight

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per noise level."""
        chain, modalities = Reverse(self.prior, problem, rng), separate(problem)
        noises = shares(self.prior.diffusion, len(modalities))

        def estimate(x: Tensor, t: float, before: Tensor) -> Tensor:
            slices = (v.unbind(1) for v in (chain.decode(x), chain.x0(x, t), before))
            return torch.stack([self.move(m, u, g, b, t * r) for m, r, u, g, b in zip(modalities, noises, *slices, strict=True)], dim=1)

        levels = geometric(chain.diffusion, self.steps, self.sigma_max, self.sigma_min).tolist()
        x = chain.noise(levels[0])
        x0 = torch.full_like(chain.decode(x), EVEN)
        for i, (t, s) in enumerate(pairwise(levels)):
            x0 = estimate(x, t, x0)
            x = chain.onward(x, x0, t, s, ve_ancestral)
            if self.snr and s:
                x0 = estimate(x, s, x0)
                score = (chain.encode(x0) - x) / s**2
                x, _ = corrector(x, score, self.snr, rng, chain.diffusion.noise)
            yield Step(i, self.steps, x0, t, x=x)

    def move(self, problem: Problem, x: Tensor, guess: Tensor, before: Tensor, t: float) -> Tensor:
        """The prior's guess of one modality (sample, *space) in noise t moved towards the data, from the state and the estimate before."""
        counts = isinstance(problem.noise, Poisson)
        if self.fidelity == "proximal":
            if counts:
                return em_near(problem, before, guess, t)
            return proximal(problem, guess, t, iterations=self.inner)
        gradient = problem.grad(x.clamp_min(FLOOR) if counts else x)
        most = self.weight * norm(guess - x) / t**2 / norm(gradient).clamp_min(torch.finfo(x.dtype).tiny)
        moved = guess - spread(t**2 * most.clamp_max(1.0), x) * gradient
        return moved.clamp_min(0) if counts else moved
