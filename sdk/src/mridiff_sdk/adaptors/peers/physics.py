"""Operators with `A` and `A_adjoint` on real tensors (deepinv's physics)."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from mridiff.interfaces import LinearOperator, Space

from ...complex import from_channels, to_channels
from .shapes import returned


class FromPhysics(LinearOperator):
    """y = physics.A(x), A^H y = physics.A_adjoint(y), where complex numbers are pairs on a second axis: (sample, 2, ...).

    Real spaces get a second axis of one channel instead, unless they name an axis `channel` themselves. The adjoint must be that of real
    numbers, which for pairs is the complex one. Conversions pass gradients; whether A does is the other project's affair.
    """

    codomain: Space

    def __init__(self, physics: Any, domain: Space, codomain: Space) -> None:
        super().__init__()
        self.physics, self.domain, self.codomain = physics, domain, codomain

    def forward(self, x: Tensor) -> Tensor:
        """A x, (sample, *codomain)."""
        return self._back(self.physics.A(_pairs(x, self.domain)), self.codomain, x)

    def adjoint(self, y: Tensor) -> Tensor:
        """A^H y, (sample, *domain)."""
        return self._back(self.physics.A_adjoint(_pairs(y, self.codomain)), self.domain, y)

    def _back(self, value: Tensor, space: Space, like: Tensor) -> Tensor:
        value = from_channels(value) if space.complex and not value.is_complex() else value
        return returned(value, space, like, type(self.physics).__name__)


def _pairs(x: Tensor, space: Space) -> Tensor:
    if space.complex:
        return to_channels(x)
    return x if "channel" in space.axes else x[:, None]
