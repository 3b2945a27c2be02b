"""Gradients of the misfit, at an estimate of x0 or through the prior that made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from mridiff.interfaces import Blocks, Field, Gaussian, LinearOperator, Noise, Prior, Problem, Streams, spread

Rule = Literal["likelihood", "squared", "norm"]


def misfit_gradient(problem: Problem, x: Tensor, rule: Rule = "likelihood") -> Tensor:
    """The gradient at x (sample, *domain), as autograd defines it, of one of three measures of the misfit.

    "likelihood": the negative log-likelihood; "squared": |A x - y|^2; "norm": |A x - y|, the rule of diffusion posterior sampling
    (Chung et al., ICLR 2023), whose step is free of the scale of the data; 0 at an exact fit. The last two ignore the noise
    level but not its weights, and raise TypeError unless the noise is Gaussian, of one level where y has several blocks.
    """
    if rule == "likelihood":
        return problem.grad(x)
    noise, y = _without_level(problem.noise, rule), problem.y
    first = y[0] if isinstance(y, tuple) else y
    double = 1.0 if first is not None and first.is_complex() else 2.0  # a real log-likelihood is half the sum of squares
    if rule == "squared":
        return replace(problem, noise=noise).grad(x) * double
    if isinstance(problem.operator, LinearOperator):  # A x once for both
        Ax = problem.operator(x)
        size, g = noise.nll(Ax, y), problem.operator.H(noise.grad(Ax, y))
    else:
        plain = replace(problem, noise=noise)
        size, g = plain.nll(x), plain.grad(x)
    size = (double * size).sqrt()
    step: Tensor = double * g / spread(2 * torch.where(size > 0, size, torch.ones_like(size)), g)
    return step


def _without_level(noise: Noise, rule: Rule) -> Noise:
    """Gaussian noise without its level, which all blocks share; raises TypeError for any other."""
    parts = noise.parts if isinstance(noise, Blocks) else (noise,)
    plain = [replace(part, std=None) for part in parts if isinstance(part, Gaussian)]
    levels = [part.std for part in parts if isinstance(part, Gaussian)]
    if len(plain) < len(parts) or any(not _same(level, levels[0]) for level in levels):
        raise TypeError(f"the rule {rule!r} is for Gaussian noise of one level; use 'likelihood'")
    return Blocks(tuple(plain)) if isinstance(noise, Blocks) else plain[0]


def _same(a: float | Tensor | None, b: float | Tensor | None) -> bool:
    return a is b or (a is not None and b is not None and torch.equal(torch.as_tensor(a), torch.as_tensor(b)))


def through_prior(prior: Prior, x_t: Tensor, t: float | Tensor, gradient: Callable[[Tensor], Tensor],
                  conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> tuple[Tensor, Tensor]:  # fmt: skip
    """x0 = prior(x_t, t), and the gradient with respect to x_t of any measure whose gradient at x0's image is `gradient(x)`.

    One vector-Jacobian product through prior and codec. Both results live in the prior's space, (sample, *prior.space); `gradient` sees
    and returns the problem's domain. For posterior sampling: `lambda x: misfit_gradient(problem, x, "norm")`.
    """
    with torch.enable_grad():
        z = x_t.detach().requires_grad_()
        u0 = prior(z, t, conditions, rng)
        x = prior.codec.decode(u0, conditions)
    v = gradient(x.detach())
    return u0.detach(), torch.autograd.grad(x, z, v)[0]
