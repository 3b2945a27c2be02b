"""Stack: several measurements of one unknown."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mridiff.interfaces import LinearOperator, Space, single


class Stack(LinearOperator):
    """x -> (A_1 x, A_2 x, ...), a tuple of blocks. Raises ValueError for parts of different domains."""

    def __init__(self, parts: Sequence[LinearOperator]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.domain = parts[0].domain
        self.codomain = tuple(single(A.codomain) for A in parts)
        if any(A.domain != self.domain for A in parts):
            raise ValueError(f"stacked operators must share one domain; got {', '.join(str(A.domain) for A in parts)}")

    @property
    def image_space(self) -> Space:
        """As the first part."""
        space: Space = self.parts[0].image_space  # type: ignore[assignment]
        return space

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """One block per part."""
        return tuple(A(x) for A in self.parts)

    def adjoint(self, y: tuple[Tensor, ...]) -> Tensor:
        """The sum of the parts' adjoints."""
        return torch.stack([A.adjoint(b) for A, b in zip(self.parts, y, strict=True)]).sum(0)  # type: ignore[operator]

    def normal(self, x: Tensor) -> Tensor:
        """The sum of the parts' normal operators."""
        return torch.stack([A.normal(x) for A in self.parts]).sum(0)  # type: ignore[operator]

    def image(self, x: Tensor) -> Tensor:
        """As the first part."""
        return self.parts[0].image(x)  # type: ignore[operator, no-any-return]

    def __mul__(self, c: complex) -> LinearOperator:
        return Stack([c * A for A in self.parts])  # type: ignore[misc, operator]

    __rmul__ = __mul__
