"""Operators whose call and `adjoint` return tuples (mrpro's)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Space

from .shapes import returned


class FromTuples(LinearOperator):
    """(y,) = operator(x), (x,) = operator.adjoint(y).

    `x_shape` and `y_shape` are what the operator wants after the sample axis, where that is more than the spaces say: an image in
    Space(("y", "x"), (64, 48)) is (1, 1, 64, 48) for one that wants coils and slices always. Gradients pass if the operator passes them.
    """

    codomain: Space

    def __init__(self, operator: Any, domain: Space, codomain: Space, x_shape: Sequence[int] = (), y_shape: Sequence[int] = ()) -> None:
        super().__init__()
        self.operator, self.domain, self.codomain = operator, domain, codomain
        self.x_shape, self.y_shape = tuple(x_shape) or domain.shape, tuple(y_shape) or codomain.shape

    def forward(self, x: Tensor) -> Tensor:
        """A x, (sample, *codomain)."""
        return self._back(self.operator(x.reshape(len(x), *self.x_shape)), self.codomain, x)

    def adjoint(self, y: Tensor) -> Tensor:
        """A^H y, (sample, *domain)."""
        return self._back(self.operator.adjoint(y.reshape(len(y), *self.y_shape)), self.domain, y)

    def _back(self, values: tuple[Tensor, ...], space: Space, like: Tensor) -> Tensor:
        name = type(self.operator).__name__
        if not isinstance(values, tuple) or len(values) != 1:
            raise DataError(f"{name} returned {type(values).__name__}, not a tuple of one tensor",
                            hint="This adaptor is for operators of one part that return tuples.")  # fmt: skip
        return returned(values[0], space, like, name)
