"""Finite differences: how an image changes from one sample to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mridiff.interfaces import LinearOperator, Space


class FiniteDifferences(LinearOperator):
    """x[i + 1] - x[i] along each of `axes`, zero at the far edge: (sample, *domain) to (sample, direction, *domain).

    By default along the spatial axes. Raises ValueError for an axis that the domain has not.
    """

    def __init__(self, domain: Space, axes: Sequence[str] | None = None) -> None:
        super().__init__()
        axes = tuple(a for a in domain.axes if a in ("x", "y", "z")) if axes is None else tuple(axes)
        if not axes or not set(axes) <= set(domain.axes) or "direction" in domain.axes:
            raise ValueError(f"cannot take differences of {domain} along {', '.join(axes) or 'no axis'}")
        self.dims = tuple(domain.dim(a) for a in axes)
        self.domain = domain
        self.codomain = replace(domain, axes=("direction", *domain.axes), sizes=(len(axes), *domain.sizes), kind="differences")

    def forward(self, x: Tensor) -> Tensor:
        """The differences; one slice per axis."""
        return torch.stack([_difference(x, d) for d in self.dims], 1)

    def adjoint(self, y: Tensor) -> Tensor:
        """Minus a divergence."""
        x = torch.zeros_like(y[:, 0])
        for part, d in zip(y.unbind(1), self.dims, strict=True):
            n = part.shape[d] - 1
            inner = part.narrow(d, 0, n)
            x.narrow(d, 1, n).add_(inner)
            x.narrow(d, 0, n).sub_(inner)
        return x


def _difference(x: Tensor, dim: int) -> Tensor:
    return x.diff(dim=dim, append=x.narrow(dim, x.shape[dim] - 1, 1))
