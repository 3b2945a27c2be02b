"""The data step of a code: the one nearest to an estimate whose image the data allow."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from mridiff.interfaces import Codec, Field, Problem, spread

from .proximal import proximal, with_level
from .spaces import in_prior_space

HALVINGS = 5
"""How often a way through a decoder is halved that leads to a worse fit."""


def nearest_code(problem: Problem, codec: Codec, u0: Tensor, r: float, conditions: Mapping[str, Field] | None = None, *,
                 rounds: int = 2, iterations: int = 10, floor: float = 1e-3) -> Tensor:  # fmt: skip
    """argmin |A decode(u) - y|^2 / sigma_y^2 + |u - u0|^2 / r^2: the most likely code if u0 (sample, *prior.space) is off by r per number.

    As `proximal`, in the space where the prior's noise is white. A nonlinear decoder is taken for its tangent, at u0 and then at what was
    found, `rounds` times (Gauss and Newton), each time so far on the way that the misfit falls. Raises TypeError for noise that is not
    Gaussian or an operator that is not linear.
    """

    def misfit(u: Tensor) -> Tensor:
        off = (u - u0).abs().square().flatten(1).sum(1) / r**2
        return noise.nll(problem.operator(codec.decode(u, conditions)), problem.y) + (1.0 if u.is_complex() else 0.5) * off

    noise, u = with_level(problem.noise, None, floor * r), u0
    linear = codec.kind != "nonlinear"
    for _ in range(1 if linear else rounds):
        near = in_prior_space(problem, codec, conditions, at=u)
        found = proximal(near, u0, r, iterations=iterations, tolerance=None, floor=floor)
        if linear:
            return found
        way, now = found - u, misfit(u)
        for _ in range(HALVINGS):
            better = spread((misfit(u + way) < now).to(u.real.dtype), u)
            u, way = u + better * way, (1 - better) * way / 2
            if bool(better.all()):
                break
    return u
