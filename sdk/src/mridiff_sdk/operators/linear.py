"""A linear map and its adjoint as one node of autograd, so that both may compute in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor

Map = Callable[[Tensor], Tensor]


class _Linear(torch.autograd.Function):
    """A x; the gradient of a real loss with respect to x is A^H times the one with respect to A x."""

    @staticmethod
    def forward(x: Tensor, A: Map, H: Map) -> Tensor:  # noqa: ARG004
        """A x."""
        return A(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Map, Map], output: Tensor) -> None:  # noqa: ARG004
        """Remember the two maps; x itself is not needed."""
        _, ctx.A, ctx.H = inputs

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        """A of the tangent: forward mode."""
        return linear(tangents[0], ctx.A, ctx.H)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, None, None]:
        """A^H of the gradient, differentiable again."""
        return linear(grads[0], ctx.H, ctx.A), None, None


def linear(x: Tensor, A: Map, H: Map) -> Tensor:
    """A x for autograd, where A computes under `no_grad` and H is its adjoint."""
    return cast("Tensor", _Linear.apply(x, A, H))
