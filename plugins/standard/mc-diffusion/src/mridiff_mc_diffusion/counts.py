"""Data steps for counts: expectation maximisation, by itself and held near an estimate; and how well counts are kept."""

from __future__ import annotations

import torch
from torch import Tensor

from mridiff import Reconstruction
from mridiff.interfaces import Poisson, Problem, Scan, spread
from mridiff_sdk.consistency import separate

from .operator import PetMrOperator

FLOOR = 1e-4
"""The least activity that a step starts from; from 0 it could not grow."""


def em(problem: Problem, u: Tensor) -> Tensor:
    """u A^T(g / (A u + b)) / A^T 1, real (sample, y, x): one step of maximum likelihood (Shepp and Vardi, IEEE TMI 1, 1982)."""
    return u * ratio(problem, u) / sensitivity(problem).clamp_min(FLOOR)


def em_near(problem: Problem, u: Tensor, u0: Tensor, r: float) -> Tensor:
    """One EM step from u towards the minimum over u >= 0 of the Poisson misfit + |u - u0|^2 / (2 r^2), real (sample, y, x).

    It minimises a bound that touches the objective at u, pixel by pixel: the root that is not negative of
    z^2 + (r^2 A^T 1 - u0) z - r^2 u A^T(g / (A u + b)) (De Pierro, IEEE TMI 14, 1995). So the objective never rises.
    """
    u, r2 = u.clamp_min(FLOOR), spread(r, u0) ** 2
    p, q = u0 - r2 * sensitivity(problem), r2 * u * ratio(problem, u)
    root = (p * p + 4 * q).sqrt()
    return torch.where(p > 0, (p + root) / 2, 2 * q / (root - p).clamp_min(torch.finfo(p.dtype).tiny))


def sensitivity(problem: Problem) -> Tensor:
    """A^T 1: how many counts a unit of activity gives, (1 or sample, y, x)."""
    one: Tensor = problem.linear.H(torch.ones_like(counts(problem)[0]))
    return one


def ratio(problem: Problem, u: Tensor) -> Tensor:
    """A^T(g / (A u + b)): above A^T 1 where there should be more activity."""
    g, noise = counts(problem)
    found: Tensor = problem.linear.H(g / (problem.linear(u) + noise.background).clamp_min(noise.floor))
    return found


def counts(problem: Problem) -> tuple[Tensor, Poisson]:
    """The counts and their noise; raises TypeError where the noise is not Poisson."""
    if not isinstance(problem.noise, Poisson) or not isinstance(problem.y, Tensor):
        raise TypeError(f"expectation maximisation is for counts with Poisson noise, not {type(problem.noise).__name__}")
    return problem.y, problem.noise


def counts_off(result: Reconstruction, scan: Scan) -> float:
    """How far the counts that PET expects of its activity are, summed, from those above the background, in %."""
    pet = separate(Problem.of(PetMrOperator.for_scan(scan.measured), scan.measured))[0]
    g, noise = counts(pet)
    return 100 * abs(float(pet.linear(result.x[:, 0]).sum() / (g - noise.background).sum()) - 1)
