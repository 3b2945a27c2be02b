"""Permutation: the same numbers in another order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from mridiff.interfaces import LinearOperator, Space


class Permutation(LinearOperator):
    """x (sample, *domain) with its axes in the order `axes`, and along each axis of `order` its entries x[order[axis]]. Unitary.

    Raises ValueError where one of them is no permutation.
    """

    def __init__(self, domain: Space, axes: Sequence[str] | None = None, order: Mapping[str, Sequence[int]] | None = None) -> None:
        super().__init__()
        axes, order = domain.axes if axes is None else tuple(axes), order or {}
        sizes = dict(zip(domain.axes, domain.shape, strict=True))
        wrong = [a for a, index in order.items() if sorted(index) != list(range(sizes.get(a, 0)))]
        if sorted(axes) != sorted(domain.axes) or wrong:
            raise ValueError(f"no permutation of {domain}: axes {', '.join(axes)}" + (f"; order of {', '.join(wrong)}" if wrong else ""))
        self.domain = domain
        self.codomain = replace(domain, axes=axes, sizes=tuple(sizes[a] for a in axes))
        self.there = (0, *(1 + domain.axes.index(a) for a in axes))
        self.back = (0, *(1 + axes.index(a) for a in domain.axes))
        self.dims = tuple(domain.dim(a) for a in order)
        for i, index in enumerate(order.values()):
            self.register_buffer(f"order{i}", torch.as_tensor(index))
            self.register_buffer(f"inverse{i}", torch.as_tensor(index).argsort())

    def forward(self, x: Tensor) -> Tensor:
        """The entries, then the axes."""
        return self._ordered(x, "order").permute(self.there)

    def adjoint(self, y: Tensor) -> Tensor:
        """The axes, then the entries, back: the inverse."""
        return self._ordered(y.permute(self.back), "inverse")

    def normal(self, x: Tensor) -> Tensor:
        """x."""
        return x

    def _ordered(self, x: Tensor, name: str) -> Tensor:
        for i, dim in enumerate(self.dims):
            x = x.index_select(dim, self.get_buffer(f"{name}{i}"))
        return x
