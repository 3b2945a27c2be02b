"""Reverse: a prior bound to a problem, so that a sampler is the lines of its algorithm and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from math import sqrt

import torch
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Streams, spread

from ..consistency.gradient import through_prior
from ..diffusions.step import Rule, residual, step

PROBE = 0.1
"""Noise by which a denoiser is asked for its derivative, in units of that of the state."""


class Reverse:
    """The reverse process of `prior` for one problem and the streams of its samples.

    It computes the conditions once, binds the diffusion once, gives both to whatever needs them, and leads through the codec: `x` is in
    the problem's domain, (sample, *domain), `u` and the state `x_t` in the prior's space, (sample, *prior.space). A loop reads

        chain = Reverse(prior, problem, rng)
        x_t = chain.noise(times[0])
        for t, s in pairwise(times):
            x0 = data_step(chain.x0(x_t, t))
            x_t = chain.onward(x_t, x0, t, s, ddim)
    """

    def __init__(self, prior: Prior, problem: Problem, rng: Streams) -> None:
        self.prior, self.problem, self.rng = prior, problem, rng
        self.conditions = prior.conditions(problem)
        self.diffusion = prior.diffusion.bind(problem, rng)

    def beside(self, name: str, samples: int) -> Reverse:
        """This process with streams of its own, the same whatever the seed: for work that all samples share."""
        other = copy(self)
        other.rng = Streams.of(0, name, samples)
        return other

    def at(self, problem: Problem) -> Reverse:
        """This process for the same scan with an operator of which more is known by now; what the prior was told of it stays."""
        other = copy(self)
        other.problem = problem
        return other

    def encode(self, x: Tensor) -> Tensor:
        """u of x."""
        return self.prior.codec.encode(x, self.conditions)

    def decode(self, u: Tensor) -> Tensor:
        """x of u."""
        return self.prior.codec.decode(u, self.conditions)

    def ratio(self, t: float) -> float:
        """sigma_t / alpha_t: the standard deviation of what a state says of x0, per number; raises TypeError where there is no alpha."""
        return float(self.diffusion.sigma(t) / self.diffusion.alpha(t))

    def uncertainty(self, t: float, variance: float = 1.0) -> float:
        """By how much x0 may differ from its estimate at t, per number, if images vary by `variance` and independently of each other."""
        q = self.ratio(t) ** 2
        return sqrt(variance * q / (variance + q))

    def error(self, x_t: Tensor, u0: Tensor, t: float) -> Tensor:
        """The same as the denoiser itself says, (sample,): the root mean square error of its estimate u0 at x_t, by one more call.

        E|x0 - E[x0 | x_t]|^2 is (sigma_t / alpha_t)^2 times the trace of alpha_t d u0 / d x_t (Tweedie), which noise finds: Ramani, Blu,
        Unser, Monte-Carlo SURE, 2008.
        """
        n = self.rng.normal_like(x_t)
        little = PROBE * float(self.diffusion.sigma(t))
        moved = self.u0(x_t + little * n, t) - u0
        gain = float(self.diffusion.alpha(t)) / little * (n.conj() * moved).real.flatten(1).mean(1)
        return self.ratio(t) * gain.clamp(PROBE**2, 1).sqrt()

    def size(self, t: float) -> float:
        """sqrt(alpha_t^2 + sigma_t^2), by which a state is divided to be that of a diffusion that preserves variance."""
        return float(torch.hypot(self.diffusion.alpha(t), self.diffusion.sigma(t)))

    def noise(self, t: float) -> Tensor:
        """A start that knows nothing: sigma_t n, one per stream, in the precision of the measurement."""
        y = self.problem.y[0] if isinstance(self.problem.y, tuple) else self.problem.y
        if y is None:
            raise TypeError("a problem without a measurement says neither precision nor device; start from an estimate")
        space = self.prior.codec.space(self.problem.space)
        like = torch.zeros(1, *space.shape, dtype=space.dtype(y.real.dtype), device=y.device)
        return spread(self.diffusion.sigma(t), like) * self.diffusion.noise(like, self.rng)

    def noised(self, x: Tensor, t: float) -> Tensor:
        """A draw of x_t about the estimate x (1 or sample, *domain), one per stream."""
        return self.degraded(self.encode(x), t)

    def degraded(self, u: Tensor, t: float) -> Tensor:
        """The same about an estimate u (1 or sample, *prior.space)."""
        return self.diffusion.degrade(u.expand(len(self.rng), *u.shape[1:]), t, self.rng)

    def u0(self, x_t: Tensor, t: float | Tensor) -> Tensor:
        """The prior's estimate of x0 in its own space; no gradient, whatever the caller's mode is."""
        with torch.no_grad():
            u0: Tensor = self.prior(x_t, t, self.conditions, self.rng)
            return u0

    def x0(self, x_t: Tensor, t: float | Tensor) -> Tensor:
        """The prior's estimate of x0 in the problem's domain; no gradient."""
        with torch.no_grad():
            return self.decode(self.u0(x_t, t))

    def score(self, x_t: Tensor, t: float) -> Tensor:
        """The prior's score at x_t, in its own space."""
        return self.prior.score(x_t, t, self.conditions)

    def denoised(self, x: Tensor, sigma: float | Tensor) -> Tensor:
        """E[x0 | x] for x = x0 + sigma n in the problem's domain, `sigma` a number or (sample,), for a unitary codec; no gradient."""
        time = self.diffusion.time(sigma)
        t = time if isinstance(sigma, Tensor) else float(time)
        return self.x0(self.diffusion.mean(self.encode(x), t), t)

    def through(self, x_t: Tensor, t: float, gradient: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """The estimate u0, and the gradient with respect to x_t of a measure whose gradient at x0 is `gradient(x0)`, as `through_prior`."""
        return through_prior(self.prior, x_t, t, gradient, self.conditions, self.rng)

    def onward(self, x_t: Tensor, x0: Tensor, t: float, s: float, rule: Rule) -> Tensor:
        """x_s from x_t about the estimate x0 of the problem's domain, by a row of the table of steps; at s = 0 the code of x0."""
        return self.step(x_t, self.encode(x0), t, s, rule)

    def step(self, x_t: Tensor, u0: Tensor, t: float, s: float, rule: Rule) -> Tensor:
        """The same about an estimate u0 of the prior's space."""
        return step(self.diffusion, u0, residual(self.diffusion, x_t, u0, t), s, *rule(self.diffusion, t, s), self.rng)
