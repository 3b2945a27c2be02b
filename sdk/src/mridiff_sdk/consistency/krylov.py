"""Functions of a Hermitian operator times a vector, by the Lanczos process, many samples at a time."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


@torch.no_grad()
def function_of(H: Callable[[Tensor], Tensor], b: Tensor, f: Callable[[Tensor], Tensor], *, iterations: int = 20) -> Tensor:
    """f(H) b for a Hermitian, positive semi-definite H, in the shape of `b` (sample, ...), real or complex: U f(h) U^H b, H = U h U^H.

    `f` maps eigenvalues, real and at least 0, (sample, k), element by element to finite numbers. The best that `iterations` calls of H
    can know of it: |b| V f(T) e_1, with V an orthonormal basis of the Krylov space of b and T = V^H H V; exact once the space holds all
    of b, and for a polynomial of a degree below `iterations`. V is kept, so memory grows with them, and orthogonalised twice. Not
    differentiable. Source: Saad, Analysis of some Krylov subspace approximations to the matrix exponential operator, SIAM J. Numer.
    Anal. 29, 1992, equation 8.
    """
    rows = b.flatten(1)
    size = torch.linalg.vector_norm(rows, dim=1)
    rounding = 10 * torch.finfo(size.dtype).eps
    basis = [_unit(rows, size)]
    diagonal: list[Tensor] = []
    beside: list[Tensor] = []
    largest = torch.zeros_like(size)
    for _ in range(min(iterations, rows.shape[1])):
        w = H(basis[-1].reshape(b.shape)).flatten(1)
        diagonal.append((basis[-1].conj() * w).real.sum(1))
        V = torch.stack(basis, dim=1)
        for _ in range(2):
            w = w - torch.einsum("bk,bkn->bn", torch.einsum("bkn,bn->bk", V.conj(), w), V)
        beta = torch.linalg.vector_norm(w, dim=1)
        largest = torch.maximum(largest, diagonal[-1] + beta)
        beta = torch.where(beta > rounding * largest, beta, torch.zeros_like(beta))  # the space of a sample is exhausted
        if not (beta > 0).any():
            break
        beside.append(beta)
        basis.append(_unit(w, beta))
    k = len(diagonal)
    T = torch.diag_embed(torch.stack(diagonal, dim=1))
    if k > 1:
        off = torch.diag_embed(torch.stack(beside[: k - 1], dim=1), 1)
        T = T + off + off.mT
    h, Q = torch.linalg.eigh(T)
    weights = (Q * (f(h.clamp_min(0)) * Q[:, 0])[:, None]).sum(2)
    x = torch.einsum("bk,bkn->bn", (size[:, None] * weights).to(rows.dtype), torch.stack(basis[:k], dim=1))
    return x.reshape(b.shape)


def _unit(x: Tensor, size: Tensor) -> Tensor:
    return x / torch.where(size > 0, size, torch.ones_like(size))[:, None]
