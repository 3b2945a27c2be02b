"""Algebra: what is made of operators by the signs of a formula - A^H, A^H A, c A, A B, A + B."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .operator import LinearOperator, Operator, single
from .scan import Data
from .space import Space


class Scaled(Operator):
    """x -> A(c x) for an operator that is not linear."""

    def __init__(self, A: Operator, c: float | Tensor) -> None:
        super().__init__()
        self.A, self.domain, self.codomain = A, A.domain, A.codomain
        self.c: Tensor
        self.register_buffer("c", torch.as_tensor(c))

    @property
    def image_space(self) -> Space:
        """As the operator inside."""
        return self.A.image_space

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
        c = c if isinstance(c, Tensor) else torch.tensor(c, dtype=torch.complex128 if isinstance(c, complex) else torch.float64)
        if c.is_complex() and not space.complex:
            raise ValueError(f"cannot multiply {space} by complex numbers; compose with an operator that makes it complex")
        self.domain = self.codomain = space
        self.c: Tensor
        self.register_buffer("c", c)

    def forward(self, x: Tensor) -> Tensor:
        """c x."""
        return (self.c * x).to(x.dtype)

    def adjoint(self, y: Tensor) -> Tensor:
        """conj(c) y."""
        return (self.c.conj() * y).to(y.dtype)

    def rough(self, y: Any) -> Tensor:
        """y / c, what was multiplied is divided; 0 where c is."""
        return torch.where(self.c != 0, y / self.c, 0).to(y.dtype)


class Composition(LinearOperator):
    """(A B) x = A(B x)."""

    def __init__(self, A: LinearOperator, B: LinearOperator) -> None:
        super().__init__()
        if not A.domain.admits(single(B.codomain)):
            names = type(A).__name__, type(B).__name__
            raise ValueError(f"cannot compose {names[0]}, which takes {A.domain}, with {names[1]}, which gives {B.codomain}")
        self.A, self.B, self.domain, self.codomain = A, B, B.domain, A.codomain
        self.rough_name = A.rough_name

    @property
    def image_space(self) -> Space:
        """That of the operator whose `image` is shown."""
        return self._shown.image_space

    @property
    def _shown(self) -> LinearOperator:
        return self.A if self.A.domain == self.domain and type(self.B).image is Operator.image else self.B

    def forward(self, x: Tensor) -> Data:
        """A(B x)."""
        y: Data = self.A(self.B(x))
        return y

    def adjoint(self, y: Any) -> Tensor:
        """B^H A^H y."""
        return self.B.adjoint(self.A.adjoint(y))

    def normal(self, x: Tensor) -> Tensor:
        """B^H (A^H A) B x, with whatever both know to be faster."""
        return self.B.enclose(self.A, x)

    def enclose(self, A: LinearOperator, x: Tensor) -> Tensor:
        """The same for an operator that follows A B: it is enclosed by A first."""
        return self.B.enclose(Composition(A, self.A), x)

    def rough(self, y: Any) -> Tensor:
        """A first look at what B gave, and from there at x."""
        return self.B.rough(self.A.rough(y))

    def image(self, x: Tensor) -> Tensor:
        """As B, or as A where B keeps the space and shows nothing of its own."""
        return self._shown.image(x)


class Sum(LinearOperator):
    """(A + B) x = A x + B x."""

    def __init__(self, A: LinearOperator, B: LinearOperator) -> None:
        super().__init__()
        if A.domain != B.domain or A.codomain != B.codomain:
            raise ValueError(f"cannot add operators of different spaces: {A.domain} to {A.codomain}, and {B.domain} to {B.codomain}")
        self.A, self.B, self.domain, self.codomain = A, B, A.domain, single(A.codomain)

    @property
    def image_space(self) -> Space:
        """As A."""
        return self.A.image_space

    def forward(self, x: Tensor) -> Tensor:
        """A x + B x."""
        y: Tensor = self.A(x) + self.B(x)
        return y

    def adjoint(self, y: Any) -> Tensor:
        """A^H y + B^H y."""
        return self.A.adjoint(y) + self.B.adjoint(y)

    def image(self, x: Tensor) -> Tensor:
        """As A."""
        return self.A.image(x)
