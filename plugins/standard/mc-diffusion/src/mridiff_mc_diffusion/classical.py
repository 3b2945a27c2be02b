"""What is done without a prior: filtered back-projection or OSEM for PET, zero-filled, least squares or total variation for MR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Poisson, Problem, Sampler, Step, Streams
from mridiff_datasets.pet_mr_head import blurred
from mridiff_samplers.cg_sense import CGSense
from mridiff_samplers.least_squares import for_samples
from mridiff_samplers.tv import TotalVariation
from mridiff_sdk.consistency import separate
from mridiff_sdk.operators import Radon

from .counts import em


class Classical(Sampler):
    """Each modality by itself: one estimate of a pair (sample, modality, y, x) from counts and k-space.

    OSEM: EM steps on every `subsets`-th angle in turn from an even start, then a Gaussian filter. Sources: Hudson and Larkin, IEEE TMI
    13, 1994; for MR those of the samplers `cg-sense` and `tv`.
    """

    def __init__(self, *,
                 pet: Annotated[Literal["fbp", "osem"], "filtered back-projection, or ordered subsets expectation maximisation"] = "osem",
                 mr: Annotated[Literal["zero-filled", "cg", "tv"], "the adjoint, least squares, or total variation"] = "tv",
                 iterations: Annotated[int, Ge(1), "OSEM: passes over all subsets"] = 2,
                 subsets: Annotated[int, Ge(1), "OSEM: number of subsets; 1 is MLEM"] = 6,
                 fwhm: Annotated[float, Ge(0), "PET: full width at half maximum of the filter at the end, in pixels"] = 4.0,
                 weight: Annotated[float, Gt(0), "TV: weight, relative to the largest value of |A^H y|"] = 0.003) -> None:  # fmt: skip
        super().__init__()
        self.pet, self.mr, self.iterations, self.subsets, self.fwhm, self.weight = pet, mr, iterations, subsets, fwhm, weight

    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step: the estimate. Raises DataError where the first modality is not counts of projections."""
        pet, mr = separate(problem)
        u = self.osem(pet) if self.pet == "osem" else self.back_projected(pet)
        methods = {"tv": TotalVariation(weight=self.weight), "cg": CGSense()}
        v = methods[self.mr](mr, rng) if self.mr in methods else mr.linear.rough(mr.y)
        yield Step(0, 1, for_samples(torch.stack((blurred(u, self.fwhm) if self.fwhm else u, v[: len(u)]), dim=1), rng))

    def back_projected(self, problem: Problem) -> Tensor:
        """Filtered back-projection of what is above the background."""
        A, noise, g = projections(problem)
        return A.rough(g - noise.background)

    def osem(self, problem: Problem) -> Tensor:
        """Passes over all subsets."""
        A, _, g = projections(problem)
        step = min(self.subsets, A.angles.shape[1])
        parts = [replace(problem, A=A.subset(k, step), y=g[:, k::step]) for k in range(step)]
        u = torch.full((len(g), *problem.space.shape), 0.1, dtype=g.dtype, device=g.device)
        for part in self.iterations * parts:
            u = em(part, u)
        return u


def projections(problem: Problem) -> tuple[Radon, Poisson, Tensor]:
    """The operator, the noise and the counts of projections; raises DataError for anything else."""
    A, noise, g = problem.A, problem.noise, problem.y
    if not isinstance(A, Radon) or not isinstance(noise, Poisson) or not isinstance(g, Tensor):
        raise DataError(f"the first modality is {type(A).__name__} with {type(noise).__name__} noise, not counts of projections",
                        hint="Use the operator `pet-mr` on a scan of PET counts.")  # fmt: skip
    return A, noise, g
