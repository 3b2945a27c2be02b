"""Where a sampler starts: an image in the problem's domain, or a noisy state in the prior's space."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mridiff.interfaces import Codec, Diffusion, Field, Problem, Space, Streams
from mridiff.interfaces.diffusion import spread

from ..consistency.conjugate_gradients import conjugate_gradients


def noise(diffusion: Diffusion, space: Space, t: float | Tensor, rng: Streams, device: torch.device | str = "cpu") -> Tensor:
    """sigma_t n in the prior's space, whose sizes must be known, (sample, *space)."""
    like = torch.zeros(1, *space.shape, dtype=space.dtype(), device=device)
    return spread(diffusion.sigma(t), like) * diffusion.noise(like, rng)


def adjoint(problem: Problem) -> Tensor:
    """A^H y, the zero-filled image, (1 or sample, *domain)."""
    return problem.linear.H(problem.y)  # type: ignore[no-any-return]


def least_squares(problem: Problem, iterations: int = 10, damping: float = 0.0, tolerance: float = 1e-6) -> Tensor:
    """argmin |A x - y|^2 + damping |x|^2 by conjugate gradients from 0; CG-SENSE for a coil operator, (1 or sample, *domain)."""
    A = problem.linear
    return conjugate_gradients(lambda x: A.gram(x) + damping * x, adjoint(problem), iterations=iterations, tolerance=tolerance)


def given(diffusion: Diffusion, x0: Tensor, t: float | Tensor, rng: Streams, codec: Codec | None = None,
          conditions: Mapping[str, Field] | None = None) -> Tensor:  # fmt: skip
    """A draw of x_t about an estimate x0 (1 or sample, *domain), in the prior's space: begin at t instead of from pure noise."""
    u0 = x0 if codec is None else codec.encode(x0, conditions)
    # One row per stream even where nothing is drawn, as for a cold diffusion.
    return diffusion.degrade(u0.expand(len(rng), *u0.shape[1:]), t, rng)
