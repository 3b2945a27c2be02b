"""Null space: what of an image its measurement decided, and what was left to the prior."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Blocks, Gaussian, LinearOperator, Noise, ParametricOperator, Problem

from ..consistency.proximal import proximal

FLOOR = 1e-2
"""A noise level that is unknown, or below this part of the image, counts as this part of it."""
TOGETHER = 4
"""Images whose components are found at a time, for memory."""


def null_space(problem: Problem, x: Tensor, size: float | None = None) -> Tensor:
    """The component of x (sample, *domain) that a problem's measurement does not see at its noise level, in the shape of x.

    x_N = argmin_z |A z|^2 / sigma_y^2 + |z - x|^2 / size^2 = (1 - A^+ A) x with A^+ = (A^H A + (sigma_y / size)^2)^-1 A^H, by conjugate
    gradients: what is within `size` of x, and whose data would be noise. A direction of singular value s stays whole where s = 0, by half
    where an image of that size has a signal as large as the noise. `size` is `typical(x)` if not given; another image's for a part of it.

    Raises DataError, with the reason, where that has no meaning: no operator, one that is not linear or has unknowns of its own, noise
    that is not Gaussian. Bhadra, Kelkar, Brooks and Anastasio, IEEE Trans. Med. Imaging 40, 2021 (hallucination maps); Tikhonov's filter
    factors.
    """
    if reason := refusal(problem):
        raise DataError(f"what the data decided cannot be told: {reason}")
    y = problem.y
    nothing = tuple(torch.zeros_like(block) for block in y) if isinstance(y, tuple) else torch.zeros_like(y)  # type: ignore[arg-type]
    unseen, r = replace(problem, y=nothing), typical(x) if size is None else size
    if r == 0:
        return torch.zeros_like(x)
    parts = [proximal(unseen, part, r, iterations=50, tolerance=1e-3, floor=FLOOR) for part in x.split(TOGETHER)]
    return torch.cat(parts)


def typical(x: Tensor) -> float:
    """The size of the numbers of x: their root mean square, each weighted by its own square, so that air does not count."""
    squared = x.abs().double().square()
    total = float(squared.sum())
    return (float(squared.square().sum()) / total) ** 0.5 if total else 0.0


def share(x: Tensor, part: Tensor) -> float:
    """<x, part> / <x, x> over all numbers: the share of energy, 0 to 1 for a part that `null_space` found."""
    energy = float(x.abs().double().square().sum())
    return float((x.conj() * part).real.double().sum()) / energy if energy else 0.0


def refusal(problem: Problem) -> str:
    """Why `null_space` means nothing for a problem; empty where it does."""
    A, y = problem.A, problem.y
    if A is None or y is None:
        return "there is no measurement in the sense of y = A x + n"
    if isinstance(A, ParametricOperator):
        return f"{type(A).__name__} has unknowns of its own ({', '.join(A.nuisance)}), which decide what it sees"
    if not isinstance(A, LinearOperator):
        return f"{type(A).__name__} is not linear, so that what it sees depends on the image"
    if not _gaussian(problem.noise):
        return f"the noise is {type(problem.noise).__name__} and not Gaussian, so that there is no level below which a signal is lost"
    return ""


def _gaussian(noise: Noise) -> bool:
    return all(map(_gaussian, noise.parts)) if isinstance(noise, Blocks) else isinstance(noise, Gaussian)
