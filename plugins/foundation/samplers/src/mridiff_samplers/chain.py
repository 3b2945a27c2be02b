"""What the diffusion samplers share: the times they visit and the state they start from."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.interfaces import Diffusion, Gaussian, Prior, Problem, Streams
from mridiff.interfaces.diffusion import spread
from mridiff_sdk.diffusions.gaussian import VP
from mridiff_sdk.diffusions.ladders import karras, uniform


def reach(diffusion: Diffusion) -> tuple[float, float]:
    """Smallest and largest ratio sigma / alpha in the range of a Gaussian diffusion."""
    low, high = (float(diffusion.sigma(t) / diffusion.alpha(t)) for t in diffusion.t_range)
    return low, high


def karras_times(diffusion: Diffusion, steps: int, sigma_max: float, sigma_min: float) -> list[float]:
    """steps + 1 times whose ratios fall as in EDM (rho = 7) from sigma_max to sigma_min, cut to the trained range, then 0."""
    low, high = reach(diffusion)
    times: list[float] = karras(diffusion, steps, min(sigma_max, high), max(sigma_min, low)).tolist()
    return times


def linear_beta_times(diffusion: Diffusion, steps: int) -> list[float]:
    """steps + 1 times at the noise-to-signal ratios of an evenly respaced DDPM chain with linear beta, whatever diffusion the prior has.

    The chain is entered at the largest ratio that the prior knows. The same ratios in another diffusion are the same sampler, up to
    the factor alpha of its state.
    """
    chain = VP()
    top = float(chain.time(reach(diffusion)[1]))
    ratios = chain.ratio(uniform(chain, steps, top)[:-1])
    return [*diffusion.time(ratios).tolist(), 0.0]


def start(prior: Prior, diffusion: Diffusion, problem: Problem, t: float, rng: Streams, *, adjoint: bool = False) -> Tensor:
    """x_t in the prior's space (len(rng), *space): pure noise sigma_t n, or the noised adjoint alpha_t A^H y + sigma_t n."""
    if adjoint:
        u = prior.codec.encode(problem.linear.H(problem.y), prior.conditions(problem))
        return diffusion.degrade(u.expand(len(rng), *u.shape[1:]), t, rng)
    y = problem.y[0] if isinstance(problem.y, tuple) else problem.y
    assert y is not None
    space = prior.codec.space(problem.space)
    like = torch.zeros(1, *space.shape, dtype=space.dtype(y.real.dtype), device=y.device)
    return spread(diffusion.sigma(t), like) * diffusion.noise(like, rng)


def known_level(problem: Problem) -> float | None:
    """0 where the level of Gaussian noise is unknown, so that the data are trusted; None, "as the problem says", otherwise."""
    return 0.0 if isinstance(problem.noise, Gaussian) and problem.noise.std is None else None
