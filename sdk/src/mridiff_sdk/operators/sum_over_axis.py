"""Sum over an axis: what is measured of several at once."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from mridiff.interfaces import LinearOperator, Space


class SumOverAxis(LinearOperator):
    """The sum of x (sample, *domain) over one axis, which goes. Raises ValueError for an axis that the domain has not."""

    def __init__(self, domain: Space, axis: str) -> None:
        super().__init__()
        if axis not in domain.axes:
            raise ValueError(f"{domain} has no axis {axis} to sum over")
        self.dim = domain.dim(axis)
        self.domain = domain
        rest = [(a, n) for a, n in zip(domain.axes, domain.sizes, strict=True) if a != axis]
        self.codomain = replace(domain, axes=tuple(a for a, _ in rest), sizes=tuple(n for _, n in rest))

    def forward(self, x: Tensor) -> Tensor:
        """The sum."""
        return x.sum(self.dim)

    def adjoint(self, y: Tensor) -> Tensor:
        """y for every entry along the axis."""
        wide = y.unsqueeze(self.dim)
        return wide.expand(len(y), *self.domain.shape).clone()
