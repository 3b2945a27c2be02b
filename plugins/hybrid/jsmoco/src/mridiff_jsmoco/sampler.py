"""jsmoco: an image, the poses that the head took while it was measured, and the coil maps, in one reverse process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Diffusion, Field, Prior, Problem, Sampler, Step, Streams
from mridiff_operators.motion_and_maps import MotionAndMapsSense
from mridiff_sdk.consistency import misfit_gradient, proximal
from mridiff_sdk.diffusions import balanced, ddim, geometric, langevin
from mridiff_sdk.nuisance import least_squares
from mridiff_sdk.reverse import Reverse

from .poses import refined


class JSMoCo(Sampler):
    """In turn, `sweeps` times at every noise level: x given (m, S, y); motion m given (x, S, y); maps S given (x, m, y).

    Image: x0 = D(x_t) becomes x0', which knows the data, and x_s follows, first by the ancestral step (predictor), in later sweeps by
    x_s + d s + sqrt(2 d) z with the score s of x0' and d = step * sigma_s^2 (corrector). Motion: a Gauss-Newton step on |A_mS x0 - y|^2.
    Maps: the coefficients a of S = sum_k a_k P_k that minimise |A_mS x0 - y|^2 + ridge |a - before|^2, in one solve, then of
    unit root-sum-of-squares where x0 is. Both are asked of D(x_t): x0' agrees with those at hand. All is found `rounds` times: the first
    descends from `sigma_max` with x0' = x0 - sigma_t^2 g, g the gradient of the misfit at x_t scaled to the norm of the score: so weak
    a step keeps the image from agreeing with a wrong motion. Later ones begin at `sigma_again`, with the most likely image about x0,
    x0' = argmin |A x - y|^2 / sigma_y^2 + |x - x0|^2 / r_t^2, as the first does below `trust`; the last x0' is the result.
    Raises DataError for an operator without these unknowns. Source: Chen et al., Med. Image Anal. 102, 2025; the scaled gradient after
    Levac et al., Magn. Reson. Med. 92, 2024; Gauss-Newton, the solve for the maps and the rounds are ours.
    """

    def __init__(self, prior: Prior, *, steps: Annotated[int, Ge(2), "noise levels of the first round, each smaller by one factor"] = 34,
                 sweeps: Annotated[int, Ge(1), "turns of image, motion and maps per level"] = 2,
                 rounds: Annotated[int, Ge(1), "descents through the noise levels"] = 3,
                 sigma_max: Annotated[float, Gt(0), "largest noise level, over the scale of the images"] = 5.0,
                 sigma_again: Annotated[float, Gt(0), "largest noise level of all rounds but the first"] = 0.5,
                 sigma_min: Annotated[float, Gt(0), "last noise level"] = 0.01,
                 trust: Annotated[float, Ge(0), "noise level of the first round below which the image is held to the data"] = 0.1,
                 step: Annotated[float, Gt(0), Le(1), "size of a move of the corrector, over sigma^2"] = 0.2,
                 iterations: Annotated[int, Ge(1), "conjugate gradients per image that is held to the data, at most"] = 6,
                 motion_most: Annotated[float, Ge(0), "largest step on a pose, in degrees and pixels; 0 = no correction"] = 0.5,
                 motion_from: Annotated[float, Ge(0), Le(1), "part of the first round that passes before the motion moves"] = 0.15,
                 maps: Annotated[bool, "whether the maps are estimated, or kept as the scan tells them"] = True,
                 maps_from: Annotated[float, Ge(0), Le(1), "part of the first round that passes before the maps move"] = 1.0,
                 ridge: Annotated[float, Ge(0), "weight of the maps as they were, over that of the data on a polynomial"] = 0.1,
                 ) -> None:  # fmt: skip
        super().__init__()
        self.prior, self.steps, self.sweeps, self.rounds = prior, steps, sweeps, rounds
        self.sigma_max, self.sigma_again, self.sigma_min, self.trust, self.step = sigma_max, sigma_again, sigma_min, trust, step
        self.iterations, self.motion_most, self.motion_from = iterations, motion_most, motion_from
        self.maps, self.maps_from, self.ridge = maps, maps_from, ridge

    @torch.no_grad()
    def trajectory(self, problem: Problem, rng: Streams) -> Iterator[Step]:
        """One step per level; `nuisance` holds motion (sample, shot, 3) and coefficients, `outputs` the maps (sample, coil, y, x)."""
        A, y = unknown(problem)
        chain = Reverse(self.prior, replace(problem, A=A.at(A.start())), rng)
        levels = self._levels(chain.diffusion)
        x_t, x0 = chain.noise(levels[0][0]), torch.empty(0)
        phi = {name: value.expand(len(rng), *value.shape[1:]) for name, value in A.start().items()}
        for i, (t, s) in enumerate(levels):
            if i and t > levels[i - 1][1]:  # a round begins
                x_t = chain.noised(x0, t)
            for sweep in range(self.sweeps):
                hold = i >= self.steps or chain.ratio(t) <= self.trust
                D, x0, x_t = self._image(chain, replace(problem, A=A.at(phi)), x_t, t, s, first=sweep == 0, hold=hold)
                if self.motion_most > 0 and i >= self.motion_from * self.steps:
                    phi = {**phi, "motion": refined(A, problem, D, phi, self.motion_most)}
                if self.maps and i >= self.maps_from * self.steps:
                    a = least_squares(A.components(D, phi), y, phi["coefficients"], self.ridge)
                    phi = {**phi, "coefficients": A.normalised(a, D)}
            maps = {"maps": Field(A.maps(phi["coefficients"]), ("coil", "y", "x"))}
            yield Step(i, len(levels), x0, t, x=x_t, nuisance=phi, outputs=maps)

    def _levels(self, diffusion: Diffusion) -> list[tuple[float, float]]:
        """The times t and s of every step, of all rounds."""
        times: list[float] = geometric(diffusion, self.steps + 1, self.sigma_max, self.sigma_min)[:-1].tolist()
        steps = list(pairwise(times))
        return steps + [pair for pair in steps if pair[0] <= float(diffusion.time(self.sigma_again))] * (self.rounds - 1)

    def _image(self, chain: Reverse, problem: Problem, x: Tensor, t: float, s: float, first: bool, hold: bool) -> tuple[Tensor, ...]:
        """D(x) and x0' (sample, *domain), and the state at s: from x at t by the predictor, from x at s by the corrector."""
        now, diffusion = t if first else s, chain.diffusion
        alpha, variance = float(diffusion.alpha(now)), float(diffusion.sigma(now)) ** 2
        u = chain.u0(x, now)
        D = x0 = chain.decode(u)
        if hold:
            x0 = proximal(problem, D, chain.uncertainty(now), iterations=self.iterations, tolerance=None)
            u = chain.encode(x0)
        else:
            score = (diffusion.mean(u, now) - x) / variance
            g = chain.encode(misfit_gradient(problem, chain.decode(x), "squared"))
            u = u - variance / alpha * balanced(g, score)
        if first:
            return D, x0, chain.step(x, u, t, s, partial(ddim, eta=1.0))
        return D, x0, langevin(x, (diffusion.mean(u, now) - x) / variance, self.step * variance, chain.rng, diffusion.noise)


def unknown(problem: Problem) -> tuple[MotionAndMapsSense, Tensor]:
    """Operator and measurement of a problem whose unknowns are motion and maps; raises DataError for any other."""
    A, y = problem.operator, problem.y
    if not isinstance(A, MotionAndMapsSense) or not isinstance(y, Tensor):
        raise DataError(f"{type(A).__name__} has no unknown motion and maps", hint="Use the operator motion-and-maps-sense.")
    return A, y
