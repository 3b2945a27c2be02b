"""Real part: between real and complex numbers."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from mridiff.interfaces import LinearOperator, Space


class AsComplex(LinearOperator):
    """x, real (sample, *space), as complex numbers; the adjoint is the projection to real ones. `A @ AsComplex(space)` is A of a real x."""

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.domain, self.codomain = replace(space, complex=False), replace(space, complex=True)

    def forward(self, x: Tensor) -> Tensor:
        """x + 0 i."""
        return x.to(x.dtype.to_complex())

    def adjoint(self, y: Tensor) -> Tensor:
        """Re y."""
        return y.real

    def normal(self, x: Tensor) -> Tensor:
        """x."""
        return x


class RealPart(LinearOperator):
    """Re x, complex (sample, *space) to real: the projection to real numbers. Linear over these, as operators with a real side are."""

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.domain, self.codomain = replace(space, complex=True), replace(space, complex=False)

    def forward(self, x: Tensor) -> Tensor:
        """Re x."""
        return x.real

    def adjoint(self, y: Tensor) -> Tensor:
        """y + 0 i."""
        return y.to(y.dtype.to_complex())
