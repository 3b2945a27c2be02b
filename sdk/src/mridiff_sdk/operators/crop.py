"""Crop and pad: the middle of an image, and an image in the middle of a larger one; origins n // 2 stay origins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor
from torch.nn import functional

from mridiff.interfaces import LinearOperator, Space


class Crop(LinearOperator):
    """The middle of x (sample, *domain), of `sizes` by axis name; axes that are not named stay. Raises ValueError for larger sizes."""

    def __init__(self, domain: Space, sizes: Mapping[str, int]) -> None:
        super().__init__()
        self.domain, self.codomain = domain, resized(domain, sizes)
        if any(n > m for n, m in zip(self.codomain.shape, domain.shape, strict=True)):
            raise ValueError(f"cannot crop {domain} to {self.codomain}; use Pad where an axis grows")

    def forward(self, x: Tensor) -> Tensor:
        """The middle of x."""
        return middle(x, self.codomain.shape)  # type: ignore[union-attr]  # one block

    def adjoint(self, y: Tensor) -> Tensor:
        """y with zeros around it."""
        return middle(y, self.domain.shape)


class Pad(LinearOperator):
    """x (sample, *domain) with zeros around it, of `sizes` by axis name: the adjoint of `Crop`. Raises ValueError for smaller sizes."""

    def __init__(self, domain: Space, sizes: Mapping[str, int]) -> None:
        super().__init__()
        self.domain, self.codomain = domain, resized(domain, sizes)
        if any(n < m for n, m in zip(self.codomain.shape, domain.shape, strict=True)):
            raise ValueError(f"cannot pad {domain} to {self.codomain}; use Crop where an axis shrinks")

    def forward(self, x: Tensor) -> Tensor:
        """x with zeros around it."""
        return middle(x, self.codomain.shape)  # type: ignore[union-attr]  # one block

    def adjoint(self, y: Tensor) -> Tensor:
        """The middle of y."""
        return middle(y, self.domain.shape)

    def normal(self, x: Tensor) -> Tensor:
        """x: what was padded is cropped again."""
        return x


def resized(space: Space, sizes: Mapping[str, int]) -> Space:
    """A space with other sizes of the axes that are named; raises ValueError for an axis that it has not."""
    unknown = [a for a in sizes if a not in space.axes]
    if unknown:
        raise ValueError(f"{space} has no axis {', '.join(unknown)}")
    return replace(space, sizes=tuple(sizes.get(a, n) for a, n in zip(space.axes, space.shape, strict=True)))


def middle(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """x (sample, ...) cropped or padded with zeros to `shape`, axis by axis, so that the origin n // 2 of each stays where it is."""
    pads: list[int] = []
    for n, m in zip(reversed(x.shape[1:]), reversed(shape), strict=True):
        before = m // 2 - n // 2
        pads += [before, m - n - before]
    return functional.pad(x, pads) if any(pads) else x
