"""Problem: all that a sampler may see of a scan, scaled; there is no truth in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .noise import Noise
from .operator import LinearOperator, Operator
from .scan import Data, Field, Measured
from .space import Space


@dataclass(frozen=True)
class Problem:
    """y = A(x) + n for the unknown x in units of `scale` (the image is `scale * x`); `A` and `y` are None where nothing applies.

    `scale` is a number, or a tensor that multiplies x: (sample, 1, ...) where every image has its own.
    """

    A: Operator | None
    y: Data | None
    noise: Noise
    space: Space
    conditions: Mapping[str, Field] = field(default_factory=dict)
    acquisition: Mapping[str, Field] = field(default_factory=dict)
    scale: float | Tensor = 1.0

    @classmethod
    def of(cls, A: Operator | None, measured: Measured, scale: float | Tensor = 1.0, space: Space | None = None) -> Problem:
        """The problem of a scan for the unknown x / scale; `space` is needed only where there is no operator.

        `scale` c is a number, one per image (sample,), or a tensor that multiplies x. Where A(c x) = c A(x), y has a unit and every image
        one c, y and its noise are divided by it, and A stays as it is with all that it computes fast; else A absorbs c.
        """
        measured = measured if A is None else A.complete(measured)
        y, noise = measured.y, measured.noise
        domain = space if A is None else A.domain
        if domain is None:
            raise ValueError("a problem without an operator must be told the space of its unknown")
        scale = _factor(scale, domain)
        if A is not None and y is not None and (isinstance(scale, Tensor) or scale != 1.0):
            each = scale if not isinstance(scale, Tensor) else scale.flatten() if scale.numel() == len(scale) else None  # one per image
            divided = noise.over(y, each) if A.homogeneous and each is not None else None
            A, (y, noise) = (A, divided) if divided is not None else (A.scaled(scale), (y, noise))
        return cls(A, y, noise, domain, measured.conditions, measured.acquisition, scale)

    @property
    def operator(self) -> Operator:
        """A, for a sampler that cannot do without; raises TypeError where there is none."""
        if self.A is None:
            raise TypeError("this problem has no forward operator; use a sampler that needs none")
        return self.A

    @property
    def linear(self) -> LinearOperator:
        """A as a linear operator; raises TypeError where it is none."""
        if not isinstance(self.A, LinearOperator):
            raise TypeError(f"this problem's operator is {type(self.A).__name__}, not a linear one; use a sampler that handles it")
        return self.A

    def nll(self, x: Tensor) -> Tensor:
        """Negative log-likelihood of x (sample, *space), (sample,)."""
        return self.noise.nll(self.operator(x), self.y)

    def grad(self, x: Tensor) -> Tensor:
        """Gradient of `nll` at x: A^H of the noise's gradient for a linear operator, autograd otherwise."""
        if isinstance(self.A, LinearOperator):
            return self.A.H(self.noise.grad(self.A(x), self.y))  # type: ignore[no-any-return]
        with torch.enable_grad():
            z = x.detach().requires_grad_()
            return torch.autograd.grad(self.nll(z).sum(), z)[0]


def _factor(scale: float | Tensor, space: Space) -> float | Tensor:
    """A number, or a tensor with the axes of x, given so or as one number per image."""
    if not isinstance(scale, Tensor) or scale.ndim == 0:
        return float(scale)
    axes = len(space.axes)
    return scale.reshape(-1, *(1,) * axes) if scale.ndim == 1 else scale.reshape(*(1,) * (axes + 1 - scale.ndim), *scale.shape)
