"""Block: one measurement for every slice of the unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from mridiff.interfaces import LinearOperator, Space, single


class Block(LinearOperator):
    """x -> (A_1 x_1, A_2 x_2, ...), one operator per slice of x along a named axis; PET and MR, for example.

    Raises ValueError for parts of different domains.
    """

    def __init__(self, parts: Sequence[LinearOperator], axis: str = "modality") -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        inner = parts[0].domain
        if any(A.domain != inner or A.image_space != parts[0].image_space for A in parts):
            raise ValueError(f"the blocks must share one domain; got {', '.join(str(A.domain) for A in parts)}")
        self.domain = self._wide(inner, axis)
        self.codomain = tuple(single(A.codomain) for A in parts)
        self.rough_name = ", ".join(dict.fromkeys(A.rough_name for A in parts))

    def _wide(self, inner: Space, axis: str) -> Space:
        return replace(inner, axes=(axis, *inner.axes), sizes=(len(self.parts), *inner.sizes))

    @property
    def image_space(self) -> Space:
        """That of every part, side by side."""
        return self._wide(self.parts[0].image_space, self.domain.axes[0])  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """One block per slice."""
        return tuple(A(x[:, i]) for i, A in enumerate(self.parts))

    def adjoint(self, y: tuple[Tensor, ...]) -> Tensor:
        """The slices' adjoints, side by side."""
        return torch.stack([A.adjoint(b) for A, b in zip(self.parts, y, strict=True)], dim=1)  # type: ignore[operator]

    def normal(self, x: Tensor) -> Tensor:
        """The slices' normal operators, side by side."""
        return torch.stack([A.normal(x[:, i]) for i, A in enumerate(self.parts)], dim=1)  # type: ignore[operator]

    def rough(self, y: tuple[Tensor, ...]) -> Tensor:
        """A first look at every slice, side by side."""
        return torch.stack([A.rough(b) for A, b in zip(self.parts, y, strict=True)], dim=1)  # type: ignore[operator]

    def image(self, x: Tensor) -> Tensor:
        """Every slice as its part shows it, side by side."""
        return torch.stack([A.image(x[:, i]) for i, A in enumerate(self.parts)], dim=1)  # type: ignore[operator]

    def scaled(self, c: float | Tensor) -> LinearOperator:
        """The operator x -> A(c x); it keeps its blocks, which samplers may need one by one."""
        each = slices(c, self.domain)
        return Block([A.scaled(b) for A, b in zip(self.parts, each, strict=True)], self.domain.axes[0])  # type: ignore[operator]

    def __mul__(self, c: complex) -> LinearOperator:
        return Block([c * A for A in self.parts], self.domain.axes[0])  # type: ignore[misc, operator]

    __rmul__ = __mul__


def slices(c: float | Tensor, space: Space) -> list[float | Tensor]:
    """What a factor of x in a space, a number or a tensor that multiplies it, is for each slice of x along its first axis."""
    count = space.shape[0]
    if not isinstance(c, Tensor) or c.ndim == 0:
        return [c] * count
    c = c.reshape(*(1,) * (len(space.axes) + 1 - c.ndim), *c.shape)
    return list(c.expand(len(c), count, *c.shape[2:]).unbind(1))
