"""Operators on numpy arrays with a call and `.H` (sigpy's linops)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from mridiff.interfaces import LinearOperator, Space

from .shapes import returned

Map = Callable[[Tensor], Tensor]


class FromLinop(LinearOperator):
    """y = linop(x), A^H y = linop.H(y) for objects that work on one sample as a numpy array of shape `linop.ishape`.

    `linops` holds one for all samples, or one for each. Arrays pass through the CPU; gradients pass by the adjoint.
    """

    codomain: Space

    def __init__(self, linops: Sequence[Any], domain: Space, codomain: Space) -> None:
        super().__init__()
        self.linops, self.domain, self.codomain = tuple(linops), domain, codomain

    def forward(self, x: Tensor) -> Tensor:
        """A x, (sample, *codomain)."""
        return _linear(x, self._ahead, self._back)

    def adjoint(self, y: Tensor) -> Tensor:
        """A^H y, (sample, *domain)."""
        return _linear(y, self._back, self._ahead)

    def _ahead(self, x: Tensor) -> Tensor:
        return self._each(self.linops, x, self.codomain)

    def _back(self, y: Tensor) -> Tensor:
        return self._each([linop.H for linop in self.linops], y, self.domain)

    def _each(self, maps: Sequence[Any], x: Tensor, space: Space) -> Tensor:
        if len(maps) not in {1, len(x)}:
            raise ValueError(f"{len(maps)} operators for {len(x)} samples: give one for all, or one for each")
        rows = zip(maps if len(maps) > 1 else [maps[0]] * len(x), x.detach().cpu().numpy(), strict=True)
        made = np.stack([np.asarray(A(row.reshape(A.ishape))) for A, row in rows])
        return returned(torch.from_numpy(made), space, x, type(maps[0]).__name__)


class _Linear(torch.autograd.Function):
    """A x; the gradient of a real loss with respect to x is A^H times the one with respect to A x."""

    @staticmethod
    def forward(x: Tensor, A: Map, H: Map) -> Tensor:  # noqa: ARG004 - H is for the way back
        """A x."""
        return A(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Map, Map], output: Tensor) -> None:  # noqa: ARG004 - as torch calls it
        """Remember the two maps; x itself is not needed."""
        _, ctx.A, ctx.H = inputs

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, None, None]:
        """A^H of the gradient, differentiable again."""
        return _linear(grads[0], ctx.H, ctx.A), None, None


def _linear(x: Tensor, A: Map, H: Map) -> Tensor:
    return cast("Tensor", _Linear.apply(x, A, H))
