"""Operator: the forward model y = A(x), stateless after construction; linear ones compose as on paper (`algebra`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
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

    @property
    def image_space(self) -> Space:
        """The space of `image(x)`, which is looked at and scored."""
        return self.domain

    def image(self, x: Tensor) -> Tensor:
        """x in the space that is looked at and scored (combined coils, cropped, one frame a row)."""
        return x

    def scaled(self, c: float | Tensor) -> Operator:
        """The operator x -> A(c x)."""
        return algebra.Scaled(self, c)

    def complete(self, measured: Measured) -> Measured:
        """The measurement of a scan as this operator answers it: what it asks of x besides, in blocks after those that were measured."""
        return measured

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

    def enclose(self, A: LinearOperator, x: Tensor) -> Tensor:
        """B^H (A^H A) B x with this operator as B: what A B asks of B. Override it where some of both cancels."""
        return self.adjoint(A.normal(self.forward(x)))  # type: ignore[arg-type]

    @property
    def H(self) -> LinearOperator:
        """The adjoint, as an operator."""
        return self._derived("_H", algebra.Adjoint)

    @property
    def gram(self) -> LinearOperator:
        """A^H A, as an operator."""
        return self._derived("_gram", algebra.Gram)

    def _derived(self, name: str, kind: Callable[[LinearOperator], LinearOperator]) -> LinearOperator:
        # Kept beside the registered modules: A.H belongs to A, and A is not a part of A.H twice.
        if name not in self.__dict__:
            object.__setattr__(self, name, kind(self))
        derived: LinearOperator = self.__dict__[name]
        return derived

    def scaled(self, c: float | Tensor) -> LinearOperator:
        """The operator x -> A(c x)."""
        return self @ algebra.Multiply(self.domain, c)

    def norm(self) -> float:
        """Largest singular value, by power iteration until it rests; from below."""
        x = Streams.of(0, "norm").normal(self.domain.shape, self.domain.dtype(), _device(self))
        size, before = torch.linalg.vector_norm(x), torch.tensor(0.0)
        while size > 0 and abs(size - before) > 1e-5 * size:
            x, before = self.gram(x / size), size
            size = torch.linalg.vector_norm(x)
        return float(size.sqrt())

    def __matmul__(self, other: LinearOperator) -> LinearOperator:
        return algebra.Composition(self, other)

    def __add__(self, other: LinearOperator) -> LinearOperator:
        return algebra.Sum(self, other)

    def __mul__(self, c: complex) -> LinearOperator:
        return algebra.Multiply(single(self.codomain), c) @ self

    __rmul__ = __mul__


def single(codomain: Codomain) -> Space:
    """A codomain of one block; raises TypeError for several."""
    if isinstance(codomain, tuple):
        raise TypeError("an operator with several blocks cannot be followed by another; scale its blocks instead")
    return codomain


def _device(module: nn.Module) -> torch.device:
    return next((t.device for t in (*module.buffers(), *module.parameters())), torch.device("cpu"))


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


from . import algebra  # noqa: E402 - last, for what the signs make are operators themselves
