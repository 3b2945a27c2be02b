"""Maps: what a reconstruction says of its own uncertainty, from several samples and without a truth."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff.interfaces import Blocks, Problem

from .coverage import least, limits
from .null_space import null_space, refusal, share, typical
from .precision import object_of, precision, seen

LEVEL = 0.9


@torch.no_grad()
def uncertainty(problem: Problem, x: Tensor) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Maps (*image) in units of the problem, and numbers, of samples x (sample, *domain); both empty for a single sample.

    `lower` and `upper` hold the central 90 % of 19 samples or more, uncalibrated, of magnitudes where complex. `null_space` is the
    magnitude of what the mean has in the operator's null space, `null_space_std` the standard deviation that samples have there; the
    numbers of these names are shares of the energy of the mean, and of the variance. `mean_error` and `std_error` are of `precision`,
    `residual` of `residual`.
    """
    if len(x) < 2:
        return {}, {}
    samples = seen(problem, x)
    maps: dict[str, Tensor] = dict(zip(("lower", "upper"), limits(samples, LEVEL), strict=True)) if len(x) >= least(LEVEL) else {}
    numbers = precision(samples, object_of(problem, x))
    if not refusal(problem):
        numbers |= residual(problem, x)
        mean = x.mean(0, keepdim=True)
        both = torch.cat([mean, x - mean])
        part = null_space(problem, both, typical(mean))
        own = seen(problem, part).abs()
        maps |= {"null_space": own[0], "null_space_std": (own[1:].square().sum(0) / (len(x) - 1)).sqrt()}
        numbers |= {"null_space": share(mean, part[:1]), "null_space_std": share(both[1:], part[1:])}
    return maps, numbers


def residual(problem: Problem, x: Tensor) -> dict[str, float]:
    """`residual`: |A x - y|^2 / sigma_y^2 per number that was measured, mean over samples x (sample, *domain).

    About 1 for draws of the posterior, whose data scatter about y as noise does; far above it where mask, maps or noise level are wrong.
    Empty where a noise level is unknown or 0. What is exactly 0 was not measured; a block of nothing else does not count at all.
    """
    Ax = problem.operator(x)
    y, Ax = (part if isinstance(part, tuple) else (part,) for part in (problem.y, Ax))
    noises = problem.noise.parts if isinstance(problem.noise, Blocks) else (problem.noise,)
    seen = [(n, a, b) for n, a, b in zip(noises, Ax, y, strict=True) if b is not None and bool((b != 0).any())]
    levels = [getattr(noise, "std", None) for noise, *_ in seen]
    if not all(std is not None and bool((torch.as_tensor(std) > 0).all()) for std in levels):
        return {}
    measured = sum(float((block != 0).sum()) * (1.0 if block.is_complex() else 0.5) for *_, block in seen)
    return {"residual": sum(float(noise.nll(a, b).mean()) for noise, a, b in seen) / measured} if measured else {}
