"""Data steps where the prior speaks of something else than the operator: by decoding, or by moving the operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from mridiff.interfaces import Codec, Field, Identity, LinearOperator, Problem, Space


def in_domain(codec: Codec, u: Tensor, act: Callable[[Tensor], Tensor], conditions: Mapping[str, Field] | None = None) -> Tensor:
    """encode(act(decode(u))): a step in the problem's domain on a state u (sample, *prior.space)."""
    return codec.encode(act(codec.decode(u, conditions)), conditions)


class Decode(LinearOperator):
    """The linear part of a codec's decoder, u -> decode(u) - decode(0), from the prior's space to the problem's domain.

    Its adjoint is a vector-Jacobian product. Raises TypeError for a nonlinear codec.
    """

    def __init__(self, codec: Codec, domain: Space, conditions: Mapping[str, Field] | None = None) -> None:
        super().__init__()
        if codec.kind == "nonlinear":
            raise TypeError(f"{type(codec).__name__} is nonlinear; act on its decoded state instead (in_domain)")
        self.codec, self.conditions = codec, conditions
        self.domain, self.codomain = codec.space(domain), domain

    def offset(self, like: Tensor) -> Tensor:
        """decode(0), (1, *domain), in the precision and on the device of `like`."""
        dtype = self.domain.dtype(like.real.dtype)
        return self.codec.decode(torch.zeros(1, *self.domain.shape, dtype=dtype, device=like.device), self.conditions)

    def forward(self, u: Tensor) -> Tensor:
        """decode(u) - decode(0), (sample, *domain)."""
        return self.codec.decode(u, self.conditions) - self.offset(u)

    def adjoint(self, x: Tensor) -> Tensor:
        """The adjoint applied to x (sample, *domain), (sample, *prior.space)."""
        with torch.enable_grad():
            dtype = self.domain.dtype(x.real.dtype)
            u = torch.zeros(len(x), *self.domain.shape, dtype=dtype, device=x.device, requires_grad=True)
            decoded = self.codec.decode(u, self.conditions)
        return torch.autograd.grad(decoded, u, x)[0]


class Tangent(LinearOperator):
    """The derivative of a decoder at u (sample, *prior.space): v -> J v, from the prior's space to the problem's domain.

    Both products are backward passes through one recorded run, J v by differentiating J^H w with respect to w (Pearlmutter, Neural
    Comput. 6, 1994), so any decoder of autograd will do.
    """

    def __init__(self, codec: Codec, domain: Space, u: Tensor, conditions: Mapping[str, Field] | None = None) -> None:
        super().__init__()
        self.domain, self.codomain = codec.space(domain), domain
        # No fused attention has a second derivative.
        with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
            z = u.detach().requires_grad_()
            x = codec.decode(z, conditions)
            w = torch.zeros_like(x, requires_grad=True)
            back = torch.autograd.grad(x, z, w, create_graph=True)[0]
        self.at, self.decoded, self._tape = u, x.detach(), (z, x, w, back)

    def forward(self, v: Tensor) -> Tensor:
        """J v, (sample, *domain)."""
        _, _, w, back = self._tape
        return torch.autograd.grad(back, w, v.expand_as(back), retain_graph=True)[0]

    def adjoint(self, x: Tensor) -> Tensor:
        """J^H x, (sample, *prior.space)."""
        z, decoded, _, _ = self._tape
        return torch.autograd.grad(decoded, z, x.expand_as(decoded), retain_graph=True)[0]


def in_prior_space(problem: Problem, codec: Codec, conditions: Mapping[str, Field] | None = None, at: Tensor | None = None) -> Problem:
    """The same measurement as a problem for u, where x = decode(u): operator A D, data y - A decode(0).

    The error of an estimate then counts where the prior's noise is white, which matters for codecs that weight (k-space priors).
    A nonlinear codec is taken for its tangent at `at` (sample, *prior.space): operator A J, data y - A (decode(at) - J at).
    Raises TypeError for a nonlinear operator, and for a nonlinear codec without `at`.
    """
    if isinstance(codec, Identity):
        return problem
    A, y = problem.linear, problem.y
    like = y[0] if isinstance(y, tuple) else y
    if like is None:
        raise TypeError("this problem has no measurement to move into the prior's space")
    D: LinearOperator
    if codec.kind == "nonlinear" and at is not None:
        D = Tangent(codec, problem.space, at, conditions)
        offset = D.decoded - D(at)
    else:
        D = Decode(codec, problem.space, conditions)
        offset = D.offset(like)
    shift = A(offset)
    moved = tuple(b - a for a, b in zip(shift, y, strict=True)) if isinstance(y, tuple) else y - shift
    return replace(problem, A=A @ D, y=moved, space=D.domain)
