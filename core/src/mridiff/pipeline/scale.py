"""Scale: the factor between the unknown and a prior's units, from a statistic of the measurement."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import DataError
from ..interfaces.operator import LinearOperator, Operator, ParametricOperator
from ..interfaces.prior import Scaling
from ..interfaces.scan import Measured


def measured_scale(scaling: Scaling, A: Operator | None, measured: Measured) -> float:
    """The c by which the unknown is divided, so that `scaling.statistic` of the measurement becomes `scaling.value`.

    Its first look is taken, which is the adjoint where no better one is known: along spokes A^H y has other units than x.

    Raises DataError where the statistic cannot be had: no linear operator, or a measurement that is zero everywhere.
    """
    if scaling.statistic == "fixed" or A is None or measured.y is None:
        return 1.0 / scaling.value
    linear = A.at(A.start()) if isinstance(A, ParametricOperator) else A
    if not isinstance(linear, LinearOperator):
        raise DataError(f"scale {scaling.statistic!r} needs a linear operator; {type(A).__name__} is none",
                        hint='Use a prior whose scaling is "fixed".')  # fmt: skip
    magnitude: Tensor = linear.rough(A.complete(measured).y).abs().flatten().float()
    rank = magnitude.numel() if scaling.statistic == "max-adjoint" else max(1, round(0.99 * magnitude.numel()))
    statistic = torch.kthvalue(magnitude, rank).values
    if not statistic > 0:
        raise DataError("the measurement is zero (almost) everywhere, so it has no scale", hint="Check the mask and the k-space array.")
    return float(statistic) / scaling.value
