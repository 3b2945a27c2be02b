"""Space: what the axes of a tensor mean."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import DataError
from ..spec import AXES


@dataclass(frozen=True, slots=True)
class Space:
    """A set of tensors by axis names, sizes (`None` = any), number field, unit and kind; `sample` comes first and is not written."""

    axes: tuple[str, ...]
    sizes: tuple[int | None, ...] = ()
    complex: bool = True
    unit: str = ""
    kind: str = "image"

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", tuple(self.sizes) or (None,) * len(self.axes))
        unknown = [a for a in self.axes if a not in AXES or a == "sample"]
        if unknown or len(self.axes) != len(set(self.axes)) or len(self.axes) != len(self.sizes):
            raise ValueError(f"Space: axes {self.axes} with sizes {self.sizes}: axes must be distinct, known and as many as sizes"
                             + (f"; not known here: {', '.join(unknown)}" if unknown else ""))  # fmt: skip

    @classmethod
    def of(cls, tensor: Tensor, axes: tuple[str, ...], unit: str = "", kind: str = "image") -> Space:
        """The space of `tensor` (sample, *axes)."""
        return cls(axes, tuple(tensor.shape[1:]), tensor.is_complex(), unit, kind)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes, when all are known; raises ValueError otherwise."""
        if any(n is None for n in self.sizes):
            raise ValueError(f"{self} has axes of any size; a tensor or an operator must fix them")
        return tuple(n for n in self.sizes if n is not None)

    @property
    def dims(self) -> tuple[int, ...]:
        """Tensor dimensions of all axes but `sample`; what every reduction runs over."""
        return tuple(range(1, len(self.axes) + 1))

    def dim(self, axis: str) -> int:
        """Tensor dimension of a named axis, negative, so that it holds with or without the sample axis."""
        return self.axes.index(axis) - len(self.axes)

    def dtype(self, precision: torch.dtype = torch.float32) -> torch.dtype:
        """The dtype of this space at a real precision."""
        return precision.to_complex() if self.complex else precision

    def fixed(self, shape: tuple[int, ...]) -> Space:
        """This space with sizes filled in from `shape`."""
        return Space(self.axes, tuple(shape), self.complex, self.unit, self.kind)

    def admits(self, other: Space) -> bool:
        """Whether every tensor of `other` lies in this space."""
        sizes = all(a is None or a == b for a, b in zip(self.sizes, other.sizes, strict=False))
        return self.axes == other.axes and sizes and self.complex == other.complex

    def check(self, tensor: Tensor, what: str) -> None:
        """Raise DataError, naming everything that is wrong, unless `tensor` (sample, *axes) lies in this space."""
        wrong = []
        if tensor.ndim != len(self.axes) + 1:
            wrong.append(f"has {tensor.ndim} axes where {len(self.axes) + 1} are wanted")
        elif any(n is not None and n != m for n, m in zip(self.sizes, tensor.shape[1:], strict=True)):
            wrong.append(f"has shape {tuple(tensor.shape)}")
        if tensor.is_complex() != self.complex:
            wrong.append(f"is {'complex' if tensor.is_complex() else 'real'}")
        if wrong:
            raise DataError(f"{what} {' and '.join(wrong)}; expected {self}",
                            hint="Check the order of the axes and the number type of the array.")  # fmt: skip

    def __str__(self) -> str:
        sizes = ", ".join(f"{a}={'any' if n is None else n}" for a, n in zip(self.axes, self.sizes, strict=True))
        return f"{'complex' if self.complex else 'real'} {self.kind} (sample, {sizes})" + (f" in {self.unit}" if self.unit else "")
