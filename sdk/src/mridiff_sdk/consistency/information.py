"""What a measurement says of x: its Fisher information, and the gradient of its log-likelihood."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from mridiff.interfaces import Gaussian, Problem

from .proximal import noisy_at, with_level, zeros

Map = Callable[[Tensor], Tensor]


def information(problem: Problem, floor: float = 1e-4) -> tuple[Map, Map]:
    """(H, g) with H(d) = A^H W A d / sigma_y^2 and g(x) = A^H W (y - A x) / sigma_y^2, W the weights of the noise.

    Along an eigenvector of H with eigenvalue h the data know x to the standard deviation h^(-1/2), per complex (real) number, and say
    x + g / h. An unknown noise level, and one below `floor`, counts as `floor`. Covers several blocks, and a real domain with complex data.
    Raises TypeError for noise that is not Gaussian or an operator that is not linear.
    """
    A, y, noise = problem.linear, problem.y, with_level(problem.noise, None, floor)
    own = 2.0 if problem.space.complex else 1.0
    # Plain white noise leaves A^H A alone, which operators know how to apply fast.
    if isinstance(noise, Gaussian) and noise.weight is None and not isinstance(noise.std, Tensor) and isinstance(y, Tensor):
        c = (2.0 if y.is_complex() else 1.0) / own / float(noise.variance)
        return lambda d: c * A.gram(d), lambda x: c * A.H(y - A(x))
    nothing = zeros(y)
    return lambda d: A.H(noise.grad(A(d), nothing)) / own, lambda x: A.H(noise.grad(A(x), y)) / -own


def noisy(problem: Problem) -> bool:
    """Whether any of the data has noise of a known level above 0; raises TypeError for noise that is not Gaussian."""
    return noisy_at(with_level(problem.noise, None, 0.0))
