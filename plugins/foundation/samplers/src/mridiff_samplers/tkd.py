"""Thresholded k-space division: the classical closed form of dipole inversion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Protocol, runtime_checkable

from annotated_types import Gt
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Problem, Sampler, Step, Streams

from .least_squares import for_samples

__all__ = ["TKD"]


@runtime_checkable
class Truncatable(Protocol):
    """An operator whose convolution kernel can be divided by, away from its zeros."""

    def truncated(self, y: Tensor, threshold: float) -> Tensor:
        """F^-1 sign(D) / max(|D|, threshold) F y."""
        ...


class TKD(Sampler):
    """x = F^-1 sign(D) / max(|D|, threshold) F y for a convolution operator with the real kernel D.

    Raises DataError for an operator that is none. Sources: Shmueli et al., Magn. Reson. Med. 62, 2009; Wharton, Schaefer, Bowtell,
    Magn. Reson. Med. 63, 2010.
    """

    def __init__(self, *, threshold: Annotated[float, Gt(0), "least magnitude of the kernel that is divided by"] = 0.2) -> None:
        super().__init__()
        self.threshold = threshold

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step, one division."""
        A = problem.linear
        if not isinstance(A, Truncatable):
            hint = "Use an operator that can be divided by, such as dipole."
            raise DataError(f"thresholded division needs a convolution; {type(A).__name__} is none", hint=hint)
        yield Step(0, 1, for_samples(A.truncated(problem.y, self.threshold), rng))  # type: ignore[arg-type]  # one tensor, no blocks
