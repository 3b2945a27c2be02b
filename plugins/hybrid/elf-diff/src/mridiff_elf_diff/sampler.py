"""elf-diff: an ensemble that is averaged inside every reverse step, and low frequencies that are mixed over time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import sqrt
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import misfit_gradient, proximal
from mridiff_sdk.diffusions import Cosine, reach, uniform
from mridiff_sdk.reverse import Beginning, Calls, Reverse, begin, denoisers

from .features import distance
from .low_frequency import low, mixed

FIRST, LAST = 0.01, 0.8
"""Half width of the smallest and of the largest box, in shares of k-space; one half is all of it."""


class ElfDiff(Sampler):
    """x0^e = D(z^e, sigma) - g^e;  x = the data step of their mean;  u = x mixed with u before;  z^e = u + sigma_s n^e.

    z = x_t / alpha_t. Each of the `members` e has noise of its own; all have the same u. g is the gradient of |y - A x0| through the
    prior, its length falling to a tenth on the way; the data step is argmin |A x - y|^2 / sigma_y^2 + weight |x - x0|^2 / sigma^2, and
    for weight 0 the projection on A x = y. Both are affine, so that the projection of the mean is the mean of projections. The box of
    k-space inside which u is mixed grows by at most one of `steps` notches, if what the next one holds of x is as unlike u's by its
    features. It is an estimate, no draw of a posterior: what the ensemble spreads by is averaged away in each step.
    Source: Shin, Son, Hwang, Eo, Ensemble and low-frequency mixing with diffusion models for accelerated MRI reconstruction, Medical
    Image Analysis 101, 2025. The levels are those of a respaced cosine chain, as theirs, whatever diffusion the prior has. Deviations:
    a start from an estimate; without gradient every step sees another mirror image; a norm per member; a data step that knows the noise;
    features of a fixed filter bank instead of a trained network.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 10,
                 members: Annotated[int, Ge(1), "members of the ensemble, one call of the prior each in every step"] = 8,
                 share: Annotated[float, Gt(0), Le(1), "share of the new low frequencies when they are mixed; 1: no mixing"] = 0.8,
                 gradient: Annotated[float, Ge(0), "length of the first gradient step, per root of the image's size; 0: none"] = 0.0,
                 weight: Annotated[float, Ge(0), "weight of the denoised image against the data; 0: the data are met"] = 1.0,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of a data step at most"] = 10,
                 start: Beginning = "estimate",
                 level: Annotated[float, Gt(0), "ratio of noise to signal at which it begins, but for pure noise"] = 0.05,
                 calls: Calls = 20) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.members, self.share, self.gradient = prior, steps, members, share, gradient
        self.weight, self.iterations, self.start, self.level, self.calls = weight, iterations, start, level, calls

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one call of the prior per member, one data step and one mixing."""
        ensemble = Streams([f"{key}/member{e}" for e in range(self.members) for key in rng.keys])
        chain = Reverse(self.prior, problem, ensemble)
        begun = begin(chain, self.start, None if self.start == "noise" else self.level, *reach(chain.diffusion), self.calls)
        times, D = cosine_times(chain, self.steps, begun.level), denoisers(chain)
        first = chain.decode(begun.state(times[0]))
        z, u = first / chain.diffusion.alpha(times[0]), self.together(first) / chain.size(times[0])
        if begun.u is not None:
            u = chain.decode(begun.u).expand_as(u)
        notches = torch.linspace(FIRST, LAST, self.steps, dtype=torch.float64, device=u.device)
        notch = torch.zeros(len(rng), dtype=torch.long, device=u.device)
        for i, (t, s) in enumerate(pairwise(times)):
            sigma = chain.ratio(t)
            x0 = self.guided(chain, z, t, 1 - 0.9 * i / (self.steps - 1)) if self.gradient else next(D)(z, sigma)
            x = self.consistent(problem, self.together(x0), sigma)
            notch = grown(x, u, notches, notch)
            u = mixed(x, u, notches[notch], self.share)
            z = chain.decode(chain.noised(u.repeat(self.members, *(1,) * (u.ndim - 1)), s)) / chain.diffusion.alpha(s)
            yield Step(i, self.steps, u, t)

    def together(self, x: Tensor) -> Tensor:
        """The mean (sample, *domain) over the members of x (member x sample, *domain)."""
        mean: Tensor = x.unflatten(0, (self.members, -1)).mean(0)
        return mean

    def guided(self, chain: Reverse, z: Tensor, t: float, length: float) -> Tensor:
        """D(z) less the gradient of |y - A x0| with respect to the state that preserves variance, z / sqrt(1 + sigma^2)."""

        def gradient(x: Tensor) -> Tensor:
            return torch.cat([misfit_gradient(chain.problem, member, "norm") for member in x.chunk(self.members)])

        u0, g = chain.through(chain.diffusion.mean(chain.encode(z), t), t, gradient)
        return chain.decode(u0 - self.gradient * length * sqrt(z[0].numel()) * chain.size(t) * g)

    def consistent(self, problem: Problem, x: Tensor, r: float) -> Tensor:
        """x (sample, *domain) after the data step."""
        if not self.weight:
            return proximal(problem, x, 1.0, sigma_y=0.0, iterations=self.iterations)
        return proximal(problem, x, r / sqrt(self.weight), iterations=self.iterations)


def cosine_times(chain: Reverse, steps: int, start: float) -> list[float]:
    """steps + 1 times at the noise-to-signal ratios of an evenly respaced cosine chain from the ratio `start` to 0."""
    cosine = Cosine()
    ratios = cosine.ratio(uniform(cosine, steps, float(cosine.time(start)))[:-1])
    return [*chain.diffusion.time(ratios).tolist(), 0.0]


def grown(x: Tensor, before: Tensor, notches: Tensor, notch: Tensor) -> Tensor:
    """The notch (sample,) of each box, or the next one where features of x and of the image before differ as much inside it."""
    following = (notch + 1).clamp(max=len(notches) - 1)
    now, then = (distance(low(x, notches[n]), low(before, notches[n])) for n in (notch, following))
    return torch.where(then >= now, following, notch)
