"""The data term that the classical baselines share: 1/2 |w^(1/2) (A x - y)|^2, by its normal equations."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from mridiff.interfaces import Gaussian, Problem, Streams
from mridiff_sdk.operators import largest

__all__ = ["for_samples", "largest", "normal_equations", "peak", "weight_of"]


def normal_equations(problem: Problem) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    """(H, b), so that H(x) - b is the gradient of the data term: H = A^H w A, b = A^H w y (sample, *space).

    w is the weight of Gaussian noise, 1 for any other noise: the baselines are least squares whatever the noise.
    Raises TypeError where A is not linear.
    """
    A, y = problem.linear, problem.y
    weight = weight_of(problem)
    if weight is None:
        return A.gram, A.H(y)
    return (lambda x: A.H(weight * A(x))), A.H(weight * y)  # type: ignore[operator]


def weight_of(problem: Problem) -> Tensor | None:
    """The weight of Gaussian noise, None for any other noise and where all samples count alike."""
    return problem.noise.weight if isinstance(problem.noise, Gaussian) else None


def peak(x: Tensor) -> Tensor:
    """max |x| per sample, shaped to multiply x (sample, *space)."""
    return x.abs().amax(tuple(range(1, x.ndim)), keepdim=True)


def for_samples(x: Tensor, rng: Streams) -> Tensor:
    """One estimate, shown once per sample asked for, without a copy."""
    return x.expand(len(rng), *x.shape[1:])
