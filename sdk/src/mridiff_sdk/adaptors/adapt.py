"""The adaptors that a prior needs to serve a given unknown, chosen by axis name and number type."""

from __future__ import annotations

from mridiff.errors import DataError
from mridiff.interfaces import Prior, Space

from .fold import Fold
from .reim import ReIm


def adapt(prior: Prior, domain: Space) -> Prior:
    """`prior` for an operator's domain: as it is where it fits, on both parts of complex numbers, on every slice of a larger space.

    Raises DataError that shows both spaces where no adaptor bridges them; nothing is coerced in silence.
    """
    space = prior.codec.space(domain)
    if prior.space.admits(space) or prior.codec.kind == "nonlinear":
        return prior
    if space.complex and not prior.space.complex:
        return adapt(ReIm(prior), domain)
    if set(prior.space.axes) < set(space.axes) and prior.space.complex == space.complex:
        return Fold(prior, space)
    raise DataError(f"a prior of {prior.space} cannot serve an unknown in {space}",
                    hint="Choose a prior for these axes and sizes; `mridiff matrix` shows what fits.")  # fmt: skip
