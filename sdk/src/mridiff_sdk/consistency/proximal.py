"""The data step that weighs an estimate against the measurement by what is known of the errors of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from mridiff.interfaces import Blocks, Gaussian, Noise, Problem, Streams, spread
from mridiff.interfaces.scan import Data

from .conjugate_gradients import conjugate_gradients

ERROR = 0.1
"""What a solution may miss of the exact one, in standard deviations of what is known of x; chance alone moves a draw by 1."""


def proximal(problem: Problem, x0: Tensor, r: float | Tensor, *, sigma_y: float | None = None, iterations: int = 10,
             tolerance: float | None = 1e-6, floor: float = 1e-3, rng: Streams | None = None,
             full: bool = False) -> Tensor:  # fmt: skip
    """argmin |A x - y|^2 / sigma_y^2 + |x - x0|^2 / r^2: the most likely x if x0 (sample, *domain) is off by r per number.

    Solved for the change of x0 by conjugate gradients, until the residual is `tolerance` of the first; with None, until the error is
    `ERROR` standard deviations of N(x, (A^H A / sigma_y^2 + 1 / r^2)^-1), root mean square over numbers, whatever the levels are: by its
    residual, since no direction is known less than r. `r` is a number or (sample,); `sigma_y` replaces the noise level of the problem;
    both are per complex (real) number, and where the domain is real and the data complex each misfit counts by its own density.
    Weighted noise and several blocks are covered.

    With `rng` a draw instead of the most likely x: the noise of y is drawn anew, and that of x0 as far as it is at most the error that y
    leaves in what was measured. Above, the error of a trained estimate is far below r in most directions, and a chain draws it by its own
    noise; below, the chain ends, and what the data know would keep no spread. Below, it is a draw of the distribution above; with `full`
    it is one at any level, whatever the error of x0 is, and of noise-free data too.

    A level below `floor` * r counts as `floor` * r, so that a noise-free measurement can be solved for: it is then met to about
    floor^2; so does an unknown level, for then the data are trusted. Raises TypeError for noise that is not Gaussian.
    """
    noise = with_level(problem.noise, sigma_y, floor * float(torch.as_tensor(r).max()))
    A, y, r2 = problem.linear, problem.y, spread(r, x0) ** 2
    own = 2.0 if x0.is_complex() else 1.0
    variance = own * _white(noise, y)

    def precision(d: Tensor) -> Tensor:
        """A^H W A d / sigma_y^2, of numbers with the density of x0."""
        back: Tensor = A.gram(d) / variance if variance else A.H(noise.grad(A(d), zeros(y))) / own
        return back

    known = with_level(problem.noise, sigma_y, 0.0)
    if rng is not None and (full or noisy_at(known)):
        y = _drawn(known, y, rng)
        n = rng.normal_like(x0)
        error = r2.sqrt()
        if not full:
            P = precision(n)
            seen = ((n.conj() * P).real.flatten(1).sum(1) / _norm(P) ** 2).sqrt()  # the error of what is measured, in units of x
            error = torch.minimum(error, spread(seen, x0))
        x0 = x0 + error * n
    numbers = x0[0].numel()

    def solved(H: Callable[[Tensor], Tensor], b: Tensor, unit: Tensor) -> Tensor:
        """x0 + H^-1 b, for H = r^2 `unit` times the inverse covariance."""
        enough = ERROR * numbers**0.5 * (r2.sqrt() * unit).real.flatten() / _norm(b) if tolerance is None else tolerance
        return x0 + conjugate_gradients(H, b, iterations=iterations, tolerance=enough)

    if variance:  # the level is moved into the damping
        damping = (variance / r2).to(x0.dtype)
        return solved(lambda d: torch.addcmul(A.gram(d), d, damping), A.H(y - A(x0)), damping)
    b = -r2 * A.H(noise.grad(A(x0), y))
    return solved(lambda d: own * (r2 * precision(d) + d), b, torch.full_like(r2, own))


def with_level(noise: Noise, sigma_y: float | None, floor: float) -> Noise:
    """The noise at a level of the caller's, and at least at `floor`; raises TypeError unless it is Gaussian."""
    if isinstance(noise, Blocks):
        return replace(noise, parts=tuple(with_level(part, sigma_y, floor) for part in noise.parts))
    if not isinstance(noise, Gaussian):
        raise TypeError(f"a proximal step needs Gaussian noise, not {type(noise).__name__}; use a gradient step")
    std = (0.0 if noise.std is None else noise.std) if sigma_y is None else sigma_y
    return replace(noise, std=std.clamp_min(floor) if isinstance(std, Tensor) else max(float(std), floor))


def _drawn(noise: Noise, y: Data | None, rng: Streams) -> Data | None:
    """The measurement with its noise once more, one per stream."""
    if isinstance(noise, Blocks) and isinstance(y, tuple):
        return tuple(part.draw(block, rng) for part, block in zip(noise.parts, y, strict=True))  # one after the other from one stream
    return noise.draw(y, rng)  # type: ignore[no-any-return]


def noisy_at(noise: Noise) -> bool:
    """Whether any block has noise."""
    parts = noise.parts if isinstance(noise, Blocks) else (noise,)
    return any(bool((torch.as_tensor(part.std) > 0).any()) for part in parts)  # type: ignore[attr-defined]


def _white(noise: Noise, y: Data | None) -> float:
    """The variance of plain white noise per component, 0 of any other; it leaves A^H A alone, which operators know how to apply fast."""
    if isinstance(noise, Gaussian) and noise.weight is None and not isinstance(noise.std, Tensor) and isinstance(y, Tensor):
        return float(noise.variance) / (2.0 if y.is_complex() else 1.0)
    return 0.0


def _norm(b: Tensor) -> Tensor:
    real = torch.view_as_real(b) if b.is_complex() else b  # of complex numbers the norm is some thirty times slower
    size: Tensor = torch.linalg.vector_norm(real.flatten(1), dim=1)
    return size.clamp_min(torch.finfo(b.real.dtype).tiny)


def zeros(y: Data | None) -> Data | None:
    """A measurement of nothing, in the shape of y."""
    return tuple(torch.zeros_like(block) for block in y) if isinstance(y, tuple) else (None if y is None else torch.zeros_like(y))
