"""PSLD: posterior sampling in a latent, with the gradient of the residual and of how far codes and images disagree."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from math import sqrt
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor

from mridiff.interfaces import Prior, Problem, Sampler, Step, Streams
from mridiff_sdk.consistency import misfit_gradient, replacement
from mridiff_sdk.diffusions import ddim, linear_beta_times
from mridiff_sdk.reverse import Reverse

from .least_squares import largest

__all__ = ["PSLD"]


class PSLD(Sampler):
    """u_s = DDPM(u_t, u0) - z grad_{u_t} [|y - A x0| + glue |u0 - E(x0')|],  x0' = x0 + A^H (y - A x0) / L,  x0 = D(u0).

    u0 is the prior's estimate, E and D are its codec, L is the largest eigenvalue of A^H A: the paper's x0' has the measured part of the
    image replaced, for an A of singular values 0 and 1. Many codes decode to nearly one image; the second term, the gluing, wants one
    that the encoder returns. All is differentiated through encoder, decoder and prior. The step z is that of `dps`, zeta sqrt(n) / steps
    for n numbers of u; with glue 0 and a codec that is the identity this is `dps`. It claims no posterior, for the reason that `dps`
    does not. Source: Rout, Raoof, Daras, Caramanis, Dimakis, Shakkottai, Solving linear inverse problems provably via posterior sampling
    with latent diffusion models, NeurIPS 2023, algorithm 2; norms instead of squares as in its experiments.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "denoising steps"] = 200,
                 zeta: Annotated[float, Ge(0), "length of all data steps together, per root of the code's size"] = 8.0,
                 glue: Annotated[float, Ge(0), "weight of the gluing beside the data"] = 0.1,
                 eta: Annotated[float, Ge(0), Le(1), "stochasticity of the step: 1 is the paper's ancestral chain"] = 1.0,
                 ) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.zeta, self.glue, self.eta = prior, steps, zeta, glue, eta

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per time, each with one forward and one backward pass of prior, decoder and encoder."""
        chain = Reverse(self.prior, problem, rng)
        A = problem.linear
        step = 1 / largest(A.gram, A.H(problem.y)).flatten()
        times = linear_beta_times(chain.diffusion, self.steps)
        u_t = chain.noise(times[0])
        z = self.zeta * sqrt(u_t[0].numel()) / self.steps
        for i, (t, s) in enumerate(pairwise(times)):
            u0, gradient = self.guided(chain, u_t, t, step)
            u_t = chain.step(u_t, u0, t, s, partial(ddim, eta=self.eta)) - z * chain.size(t) * chain.size(s) * gradient
            yield Step(i, self.steps, chain.decode(u0 if s else u_t), t, x=u_t)

    def guided(self, chain: Reverse, u_t: Tensor, t: float, step: Tensor) -> tuple[Tensor, Tensor]:
        """u0, and the gradient with respect to u_t of misfit and gluing, both (sample, *prior.space)."""
        problem = chain.problem
        with torch.enable_grad():
            z = u_t.detach().requires_grad_()
            u0 = chain.prior(z, t, chain.conditions, chain.rng)
            x0 = chain.decode(u0)
            # linear in x0, with the gradient of the misfit's norm
            loss = (misfit_gradient(problem, x0.detach(), "norm").conj() * x0).real.sum()
            if self.glue:
                loss = loss + self.glue * _norm(u0 - chain.encode(replacement(problem, x0, step))).sum()
            return u0.detach(), torch.autograd.grad(loss, z)[0]


def _norm(u: Tensor) -> Tensor:
    """|u| of each sample, (sample,), with a gradient of 0 at 0."""
    size: Tensor = torch.linalg.vector_norm(u.flatten(1), dim=1)
    return size
