"""Conjugate gradients for A x = b, many samples at a time."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


@torch.no_grad()
def conjugate_gradients(
    A: Callable[[Tensor], Tensor],
    b: Tensor,
    x0: Tensor | None = None,
    *,
    iterations: int = 30,
    tolerance: float | Tensor = 1e-6,
) -> Tensor:
    """The solution x of A x = b for a Hermitian, positive semi-definite A, in the shape of `b` (sample, ...), real or complex.

    A maps a tensor of this shape to one of the same, sample by sample. Each sample has step sizes of its own and rests once
    ||b - A x|| <= tolerance ||b||, `tolerance` a number or (sample,); the loop ends when all rest, or after `iterations` steps (one A
    each, and one for a start `x0`). A zero right-hand side gives zero. Hestenes and Stiefel, J. Res. NBS 49, 1952. Not differentiable.
    """
    if x0 is None:
        x, r = torch.zeros(b.shape, dtype=b.dtype, device=b.device), b.clone(memory_format=torch.contiguous_format)
    else:
        x = x0.to(b.dtype).expand_as(b).clone(memory_format=torch.contiguous_format)
        r = (b - A(x)).contiguous()
    p = r.clone()
    # real rows that share memory with x, r, p: the updates below are in place, and dot products are those of BLAS
    X, R, P, B = _rows(x), _rows(r), _rows(p), _rows(b)
    enough = torch.as_tensor(tolerance, dtype=B.dtype, device=B.device).reshape(-1, 1) ** 2 * _dot(B, B)
    squared = _dot(R, R)
    for _ in range(iterations):
        active = squared > enough
        if not active.any():
            break
        Q = _rows(A(p))
        curvature = _dot(P, Q)
        # a sample at rest, or a direction that A does not see, takes no step; a NaN from A is not hidden
        step = torch.where(active & ~(curvature <= 0), squared / curvature, 0)
        X.addcmul_(P, step)
        R.addcmul_(Q, step, value=-1)
        new = _dot(R, R)
        P.mul_(torch.where(active, new / squared, 0)).add_(R)
        squared = new
    return x


def _rows(x: Tensor) -> Tensor:
    """(sample, ...) as real (sample, numbers), sharing memory where `x` is contiguous."""
    x = x.contiguous()
    return (torch.view_as_real(x) if x.is_complex() else x).flatten(1)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """The real part of the inner product of each sample, (sample, 1)."""
    return torch.bmm(a[:, None, :], b[:, :, None])[:, :, 0]
