"""Operator: the forward model y = A(x), stateless after construction; linear ones compose as on paper."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from .scan import Data, Measured
from .space import Space
from .streams import Streams

Codomain = Space | tuple[Space, ...]


class Operator(nn.Module, ABC):
    """y = A(x). Masks, maps and trajectories are constructor arguments and buffers, with a sample axis of 1 or n."""

    domain: Space
    codomain: Codomain
    homogeneous = False
    """A(c x) = c A(x) for every number c."""

    @abstractmethod
    def forward(self, x: Tensor) -> Data:
        """A(x): x (sample, *domain) to y (sample, *codomain), or a tuple of blocks."""

    def image(self, x: Tensor) -> Tensor:
        """x in the space that is looked at and scored (combined coils, cropped, one frame a row)."""
        return x

    def scaled(self, c: float | Tensor) -> Operator:
        """The operator x -> A(c x)."""
        return _Scaled(self, c)

    @classmethod
    def for_scan(cls, measured: Measured) -> Self:
        """The operator of one scan; keyword-only arguments after `measured` are its configuration. It never sees a truth."""
        raise TypeError(f"{cls.__name__} cannot be built from a scan: it defines no for_scan")


class LinearOperator(Operator):
    """A linear operator with its adjoint. A real domain takes the real part in `adjoint`, so that <A x, y> = <x, A^H y> in it."""

    homogeneous = True
    rough_name = "zero-filled"
    """What `rough` is called in pictures."""

    @abstractmethod
    def adjoint(self, y: Any) -> Tensor:
        """A^H y. Call it as `A.H(y)`, so that it is counted."""

    def rough(self, y: Any) -> Tensor:
        """A first look at x, shown beside results and scored: the adjoint, where no better closed form is customary."""
        return self.H(y)  # type: ignore[no-any-return]

    def normal(self, x: Tensor) -> Tensor:
        """A^H A x; override it where that is cheaper. Call it as `A.gram(x)`, so that it is counted."""
        return self.adjoint(self.forward(x))

    @property
    def H(self) -> LinearOperator:
        """The adjoint, as an operator."""
        return self._derived("_H", Adjoint)

    @property
    def gram(self) -> LinearOperator:
        """A^H A, as an operator."""
        return self._derived("_gram", Gram)

    def _derived(self, name: str, kind: Callable[[LinearOperator], LinearOperator]) -> LinearOperator:
        # Kept beside the registered modules: A.H belongs to A, and A is not a part of A.H twice.
        if name not in self.__dict__:
            object.__setattr__(self, name, kind(self))
        derived: LinearOperator = self.__dict__[name]
        return derived

    def scaled(self, c: float | Tensor) -> LinearOperator:
        """The operator x -> A(c x)."""
        return self @ Multiply(self.domain, c)

    def norm(self, iterations: int = 30, rng: Streams | None = None) -> float:
        """Largest singular value, by power iteration."""
        x = (rng or Streams.of(0, "norm")).normal(self.domain.shape, self.domain.dtype(), _device(self))
        size = torch.linalg.vector_norm(x)
        for _ in range(iterations):
            x = self.gram(x / size)
            size = torch.linalg.vector_norm(x)
            if not size > 0:
                return 0.0
        return float(size.sqrt())

    def __matmul__(self, other: LinearOperator) -> LinearOperator:
        return Composition(self, other)

    def __add__(self, other: LinearOperator) -> LinearOperator:
        return Sum(self, other)

    def __mul__(self, c: complex) -> LinearOperator:
        return Multiply(_single(self.codomain), c) @ self

    __rmul__ = __mul__


def _single(codomain: Codomain) -> Space:
    if isinstance(codomain, tuple):
        raise TypeError("an operator with several blocks cannot be followed by another; scale its blocks instead")
    return codomain


def _device(module: nn.Module) -> torch.device:
    return next((t.device for t in (*module.buffers(), *module.parameters())), torch.device("cpu"))


class _Scaled(Operator):
    """x -> A(c x) for an operator that is not linear."""

    def __init__(self, A: Operator, c: float | Tensor) -> None:
        super().__init__()
        self.A, self.domain, self.codomain = A, A.domain, A.codomain
        self.c: Tensor
        self.register_buffer("c", torch.as_tensor(c))

    def forward(self, x: Tensor) -> Data:
        """A(c x)."""
        y: Data = self.A(self.c * x)
        return y

    def image(self, x: Tensor) -> Tensor:
        """As the operator inside."""
        return self.A.image(x)


class Adjoint(LinearOperator):
    """A^H of a linear operator; `Adjoint(A).H` is A."""

    A: LinearOperator

    def __init__(self, A: LinearOperator) -> None:
        super().__init__()
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "_H", A)
        self.domain, self.codomain = A.codomain, A.domain  # type: ignore[assignment]

    def forward(self, y: Any) -> Tensor:
        """A^H y."""
        return self.A.adjoint(y)

    def adjoint(self, x: Any) -> Tensor:
        """A x."""
        return self.A.forward(x)  # type: ignore[return-value]


class Gram(LinearOperator):
    """A^H A of a linear operator; self-adjoint."""

    A: LinearOperator

    def __init__(self, A: LinearOperator) -> None:
        super().__init__()
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "_H", self)
        self.domain = self.codomain = A.domain

    def forward(self, x: Tensor) -> Tensor:
        """A^H A x."""
        return self.A.normal(x)

    def adjoint(self, x: Any) -> Tensor:
        """A^H A x."""
        return self.A.normal(x)


class Multiply(LinearOperator):
    """x -> c x, with a number or a tensor (1 or sample, ...) that broadcasts over the space."""

    def __init__(self, space: Space, c: complex | Tensor) -> None:
        super().__init__()
        self.domain = self.codomain = space
        self.c: Tensor
        self.register_buffer("c", torch.as_tensor(c))

    def forward(self, x: Tensor) -> Tensor:
        """c x."""
        return (self.c * x).to(x.dtype) if self.c.ndim == 0 else self.c * x

    def adjoint(self, y: Tensor) -> Tensor:
        """conj(c) y."""
        return (self.c.conj() * y).to(y.dtype) if self.c.ndim == 0 else self.c.conj() * y

    def rough(self, y: Any) -> Tensor:
        """y / c, what was multiplied is divided; 0 where c is."""
        return torch.where(self.c != 0, y / self.c, 0).to(y.dtype)


class Composition(LinearOperator):
    """(A B) x = A(B x)."""

    def __init__(self, A: LinearOperator, B: LinearOperator) -> None:
        super().__init__()
        if not A.domain.admits(_single(B.codomain)):
            names = type(A).__name__, type(B).__name__
            raise ValueError(f"cannot compose {names[0]}, which takes {A.domain}, with {names[1]}, which gives {B.codomain}")
        self.A, self.B, self.domain, self.codomain = A, B, B.domain, A.codomain
        self.rough_name = A.rough_name

    def forward(self, x: Tensor) -> Data:
        """A(B x)."""
        y: Data = self.A(self.B(x))
        return y

    def adjoint(self, y: Any) -> Tensor:
        """B^H A^H y."""
        return self.B.adjoint(self.A.adjoint(y))

    def normal(self, x: Tensor) -> Tensor:
        """B^H (A^H A) B x, through A's own fast normal operator."""
        return self.B.adjoint(self.A.normal(self.B.forward(x)))  # type: ignore[arg-type]

    def rough(self, y: Any) -> Tensor:
        """A first look at what B gave, and from there at x."""
        return self.B.rough(self.A.rough(y))

    def image(self, x: Tensor) -> Tensor:
        """As A, when B keeps the space."""
        return self.A.image(x) if self.A.domain == self.B.domain else x


class Sum(LinearOperator):
    """(A + B) x = A x + B x."""

    def __init__(self, A: LinearOperator, B: LinearOperator) -> None:
        super().__init__()
        if A.domain != B.domain or A.codomain != B.codomain:
            raise ValueError(f"cannot add operators of different spaces: {A.domain} to {A.codomain}, and {B.domain} to {B.codomain}")
        self.A, self.B, self.domain, self.codomain = A, B, A.domain, A.codomain

    def forward(self, x: Tensor) -> Tensor:
        """A x + B x."""
        y: Tensor = self.A(x) + self.B(x)
        return y

    def adjoint(self, y: Any) -> Tensor:
        """A^H y + B^H y."""
        return self.A.adjoint(y) + self.B.adjoint(y)


class StackOperator(LinearOperator):
    """Several measurements of one unknown: x -> (A_1 x, A_2 x, ...)."""

    def __init__(self, parts: Sequence[LinearOperator]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.domain = parts[0].domain
        self.codomain = tuple(_single(A.codomain) for A in parts)
        if any(A.domain != self.domain for A in parts):
            raise ValueError(f"stacked operators must share one domain; got {', '.join(str(A.domain) for A in parts)}")

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """One block per part."""
        return tuple(A(x) for A in self.parts)

    def adjoint(self, y: tuple[Tensor, ...]) -> Tensor:
        """The sum of the parts' adjoints."""
        return torch.stack([A.adjoint(b) for A, b in zip(self.parts, y, strict=True)]).sum(0)  # type: ignore[operator]

    def normal(self, x: Tensor) -> Tensor:
        """The sum of the parts' normal operators."""
        return torch.stack([A.normal(x) for A in self.parts]).sum(0)  # type: ignore[operator]


class BlockOperator(LinearOperator):
    """One operator per slice of the unknown along a named axis: x -> (A_1 x_1, A_2 x_2, ...); PET and MR, for example."""

    def __init__(self, parts: Sequence[LinearOperator], axis: str = "modality") -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        inner = parts[0].domain
        if any(A.domain != inner for A in parts):
            raise ValueError(f"the blocks must share one domain; got {', '.join(str(A.domain) for A in parts)}")
        self.domain = Space((axis, *inner.axes), (len(parts), *inner.sizes), inner.complex, inner.unit, inner.kind)
        self.codomain = tuple(_single(A.codomain) for A in parts)
        self.rough_name = ", ".join(dict.fromkeys(A.rough_name for A in parts))

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

    def scaled(self, c: float | Tensor) -> LinearOperator:
        """The operator x -> A(c x); it keeps its blocks, which samplers may need one by one."""
        each = slices(c, self.domain)
        return BlockOperator([A.scaled(b) for A, b in zip(self.parts, each, strict=True)], self.domain.axes[0])  # type: ignore[operator]


def slices(c: float | Tensor, space: Space) -> list[float | Tensor]:
    """What a factor of x in a space, a number or a tensor that multiplies it, is for each slice of x along its first axis."""
    count = space.shape[0]
    if not isinstance(c, Tensor) or c.ndim == 0:
        return [c] * count
    c = c.reshape(*(1,) * (len(space.axes) + 1 - c.ndim), *c.shape)
    return list(c.expand(len(c), count, *c.shape[2:]).unbind(1))


@dataclass(frozen=True)
class Nuisance:
    """An unknown of the acquisition that is estimated with x: motion, coil maps, a blur kernel.

    `start` (1, *space) is where an estimate begins, `step_scale` the size of a typical change in `unit`, `project` puts a value
    back into its bounds and fixes its gauge.
    """

    space: Space
    start: Tensor
    unit: str
    step_scale: float
    project: Callable[[Tensor], Tensor]


class ParametricOperator(Operator):
    """A linear operator that depends on nuisance quantities phi; nothing is remembered from a call."""

    nuisance: Mapping[str, Nuisance]
    homogeneous = True

    @abstractmethod
    def at(self, phi: Mapping[str, Tensor]) -> LinearOperator:
        """A at phi; phi[name] is (sample, *space) and autograd reaches it through forward and adjoint."""

    def start(self) -> dict[str, Tensor]:
        """Where an estimate of the nuisance begins."""
        return {name: n.start.clone() for name, n in self.nuisance.items()}

    def forward(self, x: Tensor) -> Data:
        """A at the start values."""
        y: Data = self.at(self.start())(x)
        return y
