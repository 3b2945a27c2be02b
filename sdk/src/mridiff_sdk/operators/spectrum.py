"""Spectrum: how large an operator is at most."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log, sqrt

import torch
from torch import Tensor

from mridiff.interfaces import Streams

MARGIN, MISSED = 0.05, 1e-3
"""The part of the largest eigenvalue that `largest` adds for what may be missing, and the chance over all starts that more is."""


def largest(H: Callable[[Tensor], Tensor], like: Tensor) -> Tensor:
    """Largest eigenvalue of a positive H per sample, from above by 6 % at most, shaped to multiply `like` (sample, *space).

    k Lanczos steps from a random start in n real dimensions miss a part e of the largest eigenvalue with a chance of 1.65 sqrt(n)
    exp(-(2 k - 1) sqrt(e)) at most (Kuczynski and Wozniakowski, SIAM J. Matrix Anal. Appl. 13, 1992, theorem 4.2): as many are made as
    that asks for, and what may be missing is added. Where the Krylov space ends earlier, as for a mask of zeros and ones, the value is
    exact.
    """
    dims = tuple(range(1, like.ndim))
    rounding = sqrt(torch.finfo(like.real.dtype).eps)
    n = like[0].numel() * (2 if like.is_complex() else 1)
    odds = log(1.65 * sqrt(n) / MISSED)
    steps = ceil((odds / sqrt(MARGIN) + 1) / 2)
    v = Streams.of(0, "norm").normal_like(like[:1]).expand_as(like)
    v, before = v / torch.linalg.vector_norm(v, dim=dims, keepdim=True), torch.zeros_like(v)
    a, b = like.real.new_zeros(2, len(like), steps, dtype=torch.float64)
    beta: Tensor = like.real.new_zeros(len(like), *(1,) * len(dims))
    size, ended = beta, beta > 0
    for k in range(steps):
        w = H(v)
        alpha = (v.conj() * w).real.sum(dims, keepdim=True)
        a[:, k] = alpha.flatten()
        size = size.maximum(torch.linalg.vector_norm(w, dim=dims, keepdim=True))
        w = w - alpha * v - beta * before
        beta = torch.linalg.vector_norm(w, dim=dims, keepdim=True)
        ended = ended | (beta <= rounding * size)
        if bool(ended.all()):
            break
        beta = torch.where(ended, 0, beta)
        b[:, k] = beta.flatten()
        v, before = torch.where(ended, 0, w / torch.where(ended, 1, beta)), v
    T = torch.diag_embed(a) + torch.diag_embed(b[:, :-1], 1) + torch.diag_embed(b[:, :-1], -1)
    found = torch.linalg.eigvalsh(T)[:, -1].to(size.dtype).reshape(size.shape)
    return torch.where(ended, found * (1 + rounding), found / (1 - (odds / (2 * steps - 1)) ** 2))
