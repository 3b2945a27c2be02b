"""Particles: many chains beside each other, weighed and resampled: the exact posterior of small problems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.interfaces import Blocks, Diffusion, Field, Gaussian, Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import proximal
from mridiff_sdk.diffusions import Row, ddpm, karras_times
from mridiff_sdk.reverse import Reverse

__all__ = ["Particles"]


class Particles(Sampler):
    """x0' = argmin |A x - y|^2 / sigma_y^2 + |x - x0|^2 / r^2;  x_s ~ q = N(DDPM(x_t, x0'), tau^2);  w *= f(x_s) p / (f(x_t) q), often.

    p = N(DDPM(x_t, x0), tau^2) is the prior's own step, f(x_t) = N(y; A x0, sigma_y^2 + r^2 A A^H) what a state seems to explain of y,
    with x0 = D(x_t) and r^2 = sigma^2 variance / (sigma^2 + variance). Neither q nor f needs to be right: the weights make up for both, so
    that with many particles the draws are of the posterior, its modes with their weights, which no chain alone finds. Where the effective
    number of particles falls below `threshold`, they are resampled. Every sample has `particles` of its own, of which it is one, drawn by
    weight, with a draw of its error; the output `effective` is the effective number of them at the end: near 1 it is not to be trusted.
    For small problems: weights are of all numbers together, and with thousands of pixels one particle has them all.
    Sources: Wu, Trippe, Naesseth, Blei, Cunningham, Practical and asymptotically exact conditional sampling in diffusion models, 2023,
    algorithm 1; f as in Song et al., Pseudoinverse-guided diffusion models, 2023. Deviation: q is led by x0', not by the gradient of f
    through the prior; the last draw is exact for N(x0, r^2).
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 40,
                 particles: Annotated[int, Ge(1), "particles of each sample"] = 32,
                 threshold: Annotated[float, Ge(0), Le(1), "share of effective particles below which they are resampled"] = 0.5,
                 variance: Annotated[float, Gt(0), "variance of the prior's images per number; bounds what a denoised one is off by"] = 1.0,
                 iterations: Annotated[int, Ge(1), "conjugate gradient iterations of a data step at most"] = 30,
                 sigma_max: Annotated[float, Gt(0), "largest ratio of noise to signal, at most that of the prior"] = 20.0,
                 sigma_min: Annotated[float, Gt(0), "ratio of noise to signal at the last denoising, at least that of the prior"] = 0.01,
                 ) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.particles, self.threshold = prior, steps, particles, threshold
        self.variance, self.iterations, self.sigma_max, self.sigma_min = variance, iterations, sigma_max, sigma_min

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one call of the prior per particle and one data step."""
        count, size = len(rng), self.particles
        every = replace(problem, y=_for_all(problem, size))
        chain = Reverse(self.prior, every, Streams([f"{key}/particle{k}" for key in rng.keys for k in range(size)]))
        diffusion, nearest = chain.diffusion, partial(proximal, iterations=self.iterations, tolerance=1e-3)
        times = karras_times(diffusion, self.steps, self.sigma_max, self.sigma_min)
        x_t, log_w = chain.noise(times[0]), torch.zeros(count, size, dtype=torch.float64)
        explained = torch.zeros_like(log_w)
        for i, (t, s) in enumerate(pairwise(times)):
            r = chain.uncertainty(t, self.variance)
            x0 = chain.x0(x_t, t)
            led = nearest(every, x0, r)
            f = -(every.nll(led).double() + energy(led - x0, r)).reshape(count, size).cpu()  # log f: of a Gaussian, by its most likely x
            log_w, explained = log_w + f - explained, f
            w = torch.softmax(log_w, 1)
            effective = 1 / w.square().sum(1)
            u = rng.uniform((1,), torch.float64)
            if not s:
                chosen = (torch.searchsorted(w.cumsum(1), u).clamp(max=size - 1) + size * torch.arange(count)[:, None]).flatten()
                x = nearest(problem, x0[chosen], r, rng=rng, full=True)
                yield Step(i, len(times) - 1, x, t, x=chain.encode(x), outputs={"effective": Field(effective[:, None], ("token",))})
                return
            poor = (effective < self.threshold * size)[:, None]
            kept = torch.searchsorted(w.cumsum(1), (torch.arange(size) + u) / size).clamp(max=size - 1)  # systematic resampling
            kept = torch.where(poor, kept, torch.arange(size)) + size * torch.arange(count)[:, None]
            log_w, explained = torch.where(poor, 0.0, log_w), explained.flatten()[kept]
            x_t, x0, led = (v[kept.flatten()] for v in (x_t, x0, led))
            p, q = (chain.onward(x_t, v, t, s, centre) for v in (x0, led))
            tau = float(ddpm(diffusion, t, s)[1])
            x_t = q + tau * diffusion.noise(q, chain.rng)
            log_w = log_w + (energy(x_t - q, tau) - energy(x_t - p, tau)).reshape(count, size).cpu()
            yield Step(i, len(times) - 1, led[::size], t, x=x_t[::size])


def _for_all(problem: Problem, size: int) -> Tensor | tuple[Tensor, ...]:
    """The data of `size` particles for each sample; raises TypeError where there is none, or not all of its noise has a known level."""
    noises = problem.noise.parts if isinstance(problem.noise, Blocks) else (problem.noise,)
    levels = [noise.std if isinstance(noise, Gaussian) else None for noise in noises]
    if problem.y is None or not all(std is not None and bool((torch.as_tensor(std) > 0).all()) for std in levels):
        raise TypeError("particles are weighed by a likelihood: they need data with Gaussian noise of a known level")
    y = problem.y if isinstance(problem.y, tuple) else (problem.y,)
    many = tuple(block if len(block) == 1 else block.repeat_interleave(size, 0) for block in y)
    return many if isinstance(problem.y, tuple) else many[0]


def centre(diffusion: Diffusion, t: float | Tensor, s: float | Tensor) -> Row:
    """The ancestral step without its noise."""
    r, tau = ddpm(diffusion, t, s)
    return r, torch.zeros_like(tau)


def energy(d: Tensor, std: float) -> Tensor:
    """-log of the density of d (sample, ...) at independent numbers of deviation `std`, up to a constant, (sample,)."""
    return (1.0 if d.is_complex() else 0.5) * (d.abs().double() / std).square().flatten(1).sum(1)
