"""The data step that weighs an estimate against the measurement by what is known of the errors of both."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mridiff.interfaces import Blocks, Gaussian, Noise, Problem
from mridiff.interfaces.diffusion import spread
from mridiff.interfaces.scan import Data

from .conjugate_gradients import conjugate_gradients


def proximal(problem: Problem, x0: Tensor, r: float | Tensor, *, sigma_y: float | None = None, iterations: int = 10,
             tolerance: float = 1e-6, floor: float = 1e-3) -> Tensor:  # fmt: skip
    """argmin |A x - y|^2 / sigma_y^2 + |x - x0|^2 / r^2: the most likely x if x0 (sample, *domain) is off by r per number.

    Solved for the change of x0 by conjugate gradients, so few iterations are a gentler step. `r` is a number or (sample,); `sigma_y`
    replaces the noise level of the problem; both are per complex (real) number, and where the domain is real and the data complex
    each misfit counts by its own density. Weighted noise and several blocks are covered.

    A level below `floor` * r counts as `floor` * r, so that a noise-free measurement can be solved for: it is then met to about
    floor^2; so does an unknown level, for then the data are trusted. Raises TypeError for noise that is not Gaussian.
    """
    noise = _with_level(problem.noise, sigma_y, floor * float(torch.as_tensor(r).max()))
    A, y, r2 = problem.linear, problem.y, spread(r, x0) ** 2
    own = 2.0 if x0.is_complex() else 1.0
    # Plain white noise leaves A^H A alone, which operators know how to apply fast; its level is moved into the damping.
    if isinstance(noise, Gaussian) and noise.weight is None and not isinstance(noise.std, Tensor) and isinstance(y, Tensor):
        damping = (own * float(noise.variance) / (2.0 if y.is_complex() else 1.0) / r2).to(x0.dtype)
        b: Tensor = A.H(y - A(x0))

        def damped(d: Tensor) -> Tensor:
            return torch.addcmul(A.gram(d), d, damping)

        return x0 + conjugate_gradients(damped, b, iterations=iterations, tolerance=tolerance)
    nothing = _zeros(y)

    def normal(d: Tensor) -> Tensor:
        Gd: Tensor = A.H(noise.grad(A(d), nothing))
        return r2 * Gd + own * d

    b = -r2 * A.H(noise.grad(A(x0), y))
    return x0 + conjugate_gradients(normal, b, iterations=iterations, tolerance=tolerance)


def _with_level(noise: Noise, sigma_y: float | None, floor: float) -> Noise:
    if isinstance(noise, Blocks):
        return replace(noise, parts=tuple(_with_level(part, sigma_y, floor) for part in noise.parts))
    if not isinstance(noise, Gaussian):
        raise TypeError(f"a proximal step needs Gaussian noise, not {type(noise).__name__}; use a gradient step")
    std = (0.0 if noise.std is None else noise.std) if sigma_y is None else sigma_y
    return replace(noise, std=std.clamp_min(floor) if isinstance(std, Tensor) else max(float(std), floor))


def _zeros(y: Data | None) -> Data | None:
    return tuple(torch.zeros_like(block) for block in y) if isinstance(y, tuple) else (None if y is None else torch.zeros_like(y))
