"""Prior: the trained generator, which draws x0 given x_t and the zero-filled image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Field, Problem, Scaling, Space, Streams
from mridiff_sdk.diffusions import VP
from mridiff_sdk.nets import Name, NetworkPrior, named

from .network import Generator
from .plugin import WEIGHTS


class DiffGANGenerator(NetworkPrior[Generator]):
    """A draw from about p(x0 | x_t, c) with c = A^H y, complex (sample, y, x), scaled so that the 99th percentile of |c| is 1.

    The diffusion preserves variance, with a rate from 0.1 to 20 over t in [0, 1], and is meant to be walked in four large steps.
    """

    space = Space(("y", "x"))
    scaling = Scaling("p99-adjoint", 1.0)

    def __init__(self, weights: Name = "brain") -> None:
        super().__init__(named(Generator, weights, WEIGHTS, __file__, "diffgan-generator"), VP())

    @classmethod
    def of(cls, model: Generator) -> Self:
        """The prior of a network that is being trained."""
        out = cls.__new__(cls)
        NetworkPrior.__init__(out, model, VP())
        return out

    def conditions(self, problem: Problem) -> dict[str, Field]:
        """The zero-filled image A^H y."""
        return {"zero_filled": Field(problem.linear.rough(problem.y), problem.space.axes)}

    def forward(self, x_t: Tensor, t: float | Tensor, conditions: Mapping[str, Field] | None = None, rng: Streams | None = None) -> Tensor:
        """A draw of x0 (sample, y, x) in the precision of x_t, with a latent vector from `rng`.

        Raises DataError without the condition.
        """
        if not conditions or "zero_filled" not in conditions:
            raise DataError("the generator needs the condition 'zero_filled'", hint="pass what conditions(problem) returns")
        x0: Tensor = self.model(x_t, t, conditions["zero_filled"].data.to(x_t.dtype), rng)
        return x0
